"""A native socket: its client, its requests, and what the sockets of one server share."""
