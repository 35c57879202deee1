"""Outgoing hooks."""
