"""The DVC stages, their typed parameters, the audit and the command line. Only this room knows DVC, params.yaml and data/."""
