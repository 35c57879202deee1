"""The client of the native protocol."""
