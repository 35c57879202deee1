"""Cancels everything everywhere; see README.md."""
