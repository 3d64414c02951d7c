"""What the audit found, as self-contained pages in the look of the report."""
