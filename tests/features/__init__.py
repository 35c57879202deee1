"""Features, each in a folder of its own; here what holds for all of them."""
