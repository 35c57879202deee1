"""Emoji of the server."""
