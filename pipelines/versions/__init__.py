"""A dataset version: a git revision together with its data, read through DVC."""
