"""The web archive of a source: WARC files, the tables derived from them, and everything that is read from them."""
