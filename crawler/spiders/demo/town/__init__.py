"""The demo town: procedural facades, the dirt that real crawls bring, and the small web site that shows both."""
