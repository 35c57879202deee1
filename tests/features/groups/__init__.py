"""Group direct messages."""
