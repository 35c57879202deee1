"""The mark of requests of `chat doctor`: whoever can write to the data directory is the server's operator."""

import hmac
from pathlib import Path

MARK = "doctor"
"""The file in the data directory that holds the mark while a doctor runs."""

HEADER = "X-Chat-Doctor"
"""The header that carries it."""

PATH = "/doctor"
"""What the server answers only to requests with the mark."""

_LONGEST = 100
"""Bytes of the file that are read."""


def is_marked(data: Path, sent: str) -> bool:
    """Whether `sent` is the mark of a doctor that runs on the data directory now. Sync: it reads a small file."""
    try:
        with (data / MARK).open("rb") as file:
            mark = file.read(_LONGEST)
    except OSError:
        return False
    return bool(mark) and hmac.compare_digest(mark, sent.encode())
