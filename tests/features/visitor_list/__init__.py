"""The list of visitors."""
