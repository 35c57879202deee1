"""Operations, and the values that they share. Features and the native protocol describe theirs with these types.

Nothing here depends on the transport: HTTP and the socket are in `protocols/native/`.
"""
