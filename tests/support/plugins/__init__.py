"""Plugins that every run of pytest has."""
