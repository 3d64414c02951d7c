"""What the audit found, as tables for a terminal of 80 columns."""
