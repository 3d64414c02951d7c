"""The report page: what is shown (chosen and counted here), and how (templates and style)."""
