"""Cancels Trio code at every point where it can be cancelled: README.md says how."""
