"""Commands, flags and links that the pages name, and what is wrong with them."""
