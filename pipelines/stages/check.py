"""Stage check: params.yaml as a whole, before any other stage runs."""

from common.files import replacing
from pipelines import params, paths


def run() -> None:
    params.load()
    # Always the same bytes: later stages depend on this file for their order, not for its content.
    with replacing(paths.PARAMS_OK) as draft:
        draft.write_text("params.yaml is valid\n", encoding="utf-8")
