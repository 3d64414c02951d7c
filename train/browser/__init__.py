"""Pages to open in a browser: the explorer of a generator, and the contact sheet to pick favourites from."""
