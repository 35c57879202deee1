"""A WebSocket text frame around a payload (RFC 6455, section 5.2).

A server's frames are not masked, so the same bytes can go to every client: a message is encoded once.
"""


def text_frame(payload: bytes) -> bytes:
    """Return the one, complete text frame that carries `payload` (UTF-8)."""
    size = len(payload)
    if size < 126:
        return b"\x81%c%b" % (size, payload)
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2) + payload
    return b"\x81\x7f" + size.to_bytes(8) + payload
