"""Bans of network addresses."""
