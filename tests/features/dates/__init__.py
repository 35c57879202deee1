"""Messages by their times."""
