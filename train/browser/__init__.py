"""HTML pages: the explorer of a generator, and the contact sheet on which favourites are marked."""
