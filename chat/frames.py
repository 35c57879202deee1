"""The bytes of WebSocket frames (RFC 6455, section 5.2): their names, and how they are made and read.

A server's frames are not masked: the same bytes can go to every client, so a message is encoded once.
"""

FINAL = 0x80
"""Bit of the first byte: the frame is the last of its message."""

CONTROL = 0x08
"""Bit of an opcode: the frame is a control frame, which may come between the fragments of a message."""

OPCODE = 0x0F
"""Bits of the first byte that are the opcode."""

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
"""Opcodes (section 11.8)."""

MASKED = 0x80
"""Bit of the second byte: the payload is masked, as all of a client's must be."""

LENGTH = 0x7F
"""Bits of the second byte that are the payload's length,"""

TWO_BYTES, EIGHT_BYTES = 126, 127
"""or say that the length follows in so many bytes."""

MASK_BYTES = 4
"""Bytes of the masking key, between the length and the payload."""

LARGEST_CONTROL = 125
"""Bytes of a control frame's payload (section 5.5)."""


def ping_frame(payload: bytes = b"") -> bytes:
    """Return an unmasked ping, which is answered by a pong with the same payload (section 5.5.2)."""
    return bytes((FINAL | PING, len(payload))) + payload


def text_frame(payload: bytes) -> bytes:
    """Return the one, complete, unmasked text frame that carries `payload` (UTF-8)."""
    size = len(payload)
    if size < TWO_BYTES:
        return b"\x81%c%b" % (size, payload)
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2) + payload
    return b"\x81\x7f" + size.to_bytes(8) + payload


def close_frame(code: int, reason: str) -> bytes:
    """Return an unmasked close frame (section 5.5.1); the reason is cut to what fits."""
    payload = code.to_bytes(2) + reason.encode()[: LARGEST_CONTROL - 2]
    return bytes((FINAL | CLOSE, len(payload))) + payload


def header_at(data: bytes | bytearray, at: int, size: int) -> tuple[int, int] | None:
    """Return the lengths of header and payload of the frame at `at` in `size` bytes of `data`; None: more is needed."""
    if size - at < 2:
        return None
    length, header = data[at + 1] & LENGTH, 2
    if length >= TWO_BYTES:
        header = 4 if length == TWO_BYTES else 10
        if size - at < header:
            return None
        length = int.from_bytes(data[at + 2 : at + header])
    return header + (MASK_BYTES if data[at + 1] & MASKED else 0), length


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """Return a client's `payload` without its four-byte `mask` (section 5.3)."""
    # XOR of two large integers: for short texts a tenth of the time of a loop over bytes.
    length = len(payload)
    key = int.from_bytes((mask * (length // MASK_BYTES + 1))[:length])
    return (int.from_bytes(payload) ^ key).to_bytes(length)
