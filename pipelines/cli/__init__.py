"""The `facades` command, one module a group of commands."""
