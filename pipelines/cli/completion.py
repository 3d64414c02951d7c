"""Values that the shell completes: names of sources, kinds and models, and git revisions."""

import pkgutil
import subprocess

from pipelines import paths


def sources() -> list[str]:
    """Return the names of the sources in params.yaml."""
    return _keys("sources")


def models() -> list[str]:
    """Return the names of the models in params.yaml."""
    return _keys("models")


def kinds() -> list[str]:
    """Return the kinds of sources, without importing them."""
    from crawler import spiders

    return sorted(module.name for module in pkgutil.iter_modules(spiders.__path__))


def revisions() -> list[str]:
    """Return the names that git has for revisions, and the name of the work tree."""
    command = ["git", "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return ["workspace", "HEAD", *done.stdout.split()]


def _keys(section: str) -> list[str]:
    """Return the keys of one section of params.yaml; a file that cannot be read has none."""
    import yaml  # type: ignore[import-untyped]

    try:
        values = yaml.load(paths.PARAMS.read_bytes(), Loader=yaml.CSafeLoader)
        return [str(key) for key in values[section]]
    except (OSError, yaml.YAMLError, TypeError, KeyError):
        return []
