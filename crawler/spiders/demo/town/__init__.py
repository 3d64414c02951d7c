"""The demo town: drawn facades, the bad data that real crawls encounter, and the small web site that serves both."""
