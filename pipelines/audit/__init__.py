"""The audit: what a dataset version holds, why, from whom, and how it differs from another.

A dataset version is a git revision with its dvc.lock, or the work tree as it is (`workspace`). Reading and writing
lie at the edges (`repository`, `version`, `cli`); what is counted and compared are functions from tables to tables.
"""
