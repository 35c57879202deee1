"""Verified visitors."""
