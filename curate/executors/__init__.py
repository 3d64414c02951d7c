"""Run the per-image work in parallel: on local processes or on a Ray cluster."""
