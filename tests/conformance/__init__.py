"""Conversations as plain data, played against any server; see README.md."""
