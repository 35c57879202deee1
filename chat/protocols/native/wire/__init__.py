"""The frames of the native socket."""
