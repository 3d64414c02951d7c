"""The stages of dvc.yaml, one module each: read params.yaml, call the library, show progress."""
