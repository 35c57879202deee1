"""The description of the server: its version, features and limits."""
