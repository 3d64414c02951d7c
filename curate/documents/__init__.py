"""The documents of a dataset: data card, Croissant metadata, attribution."""
