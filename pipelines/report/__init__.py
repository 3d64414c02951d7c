"""The report page and its tables: what they show, and the templates and style that show it."""
