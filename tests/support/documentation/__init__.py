"""Commands, flags and links that the pages name, and their mistakes."""
