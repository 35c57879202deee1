"""Slow mode."""
