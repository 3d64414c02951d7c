"""The audit: what a dataset version contains and why, how it differs from another, and whether it is intact.

A dataset version is a git revision with its dvc.lock, or the work tree as it is (`workspace`). `pipelines.versions`
reads it, `pipelines.cli` prints the results, and the modules here are functions from tables to tables.
"""
