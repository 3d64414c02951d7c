"""Stage check: validate params.yaml before any other stage runs."""

from common.files import replacing
from pipelines import params, paths


def run() -> None:
    """Validate params.yaml and write data/params.ok.

    Raises:
        UserError: params.yaml is not valid.
    """
    params.load()
    # Always the same bytes: later stages depend on this file only to run after this one.
    with replacing(paths.PARAMS_OK) as draft:
        draft.write_text("params.yaml is valid\n", encoding="utf-8")
