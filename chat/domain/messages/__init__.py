"""Messages: what they mention and attach, how changes alter them, and how far people have read."""
