"""The documents of a model: the model card, and the fields of two laws on training content."""
