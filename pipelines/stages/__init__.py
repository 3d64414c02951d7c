"""The DVC stages, one module each."""
