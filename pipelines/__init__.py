"""The DVC stages, their typed parameters, the audit, the command line. Only this room knows DVC and its paths."""
