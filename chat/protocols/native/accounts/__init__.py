"""One's own account and sessions."""
