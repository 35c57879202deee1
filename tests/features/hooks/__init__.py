"""Incoming hooks."""
