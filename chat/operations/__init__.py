"""What an operation is, and the values that operations share. Features and the native protocol describe theirs with it.

Nothing here knows a wire: HTTP and the socket are two ways in, and stand in `protocols/native/`.
"""
