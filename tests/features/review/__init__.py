"""Messages that are held for review."""
