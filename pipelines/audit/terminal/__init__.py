"""Results of the audit as text for a terminal of 80 columns."""
