"""The sources by hand: what kinds there are, trying and adding one, a new kind, asking again for what failed."""
