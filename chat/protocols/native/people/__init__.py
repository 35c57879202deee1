"""Other people."""
