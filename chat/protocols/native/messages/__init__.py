"""Messages: operations, and sending on a socket."""
