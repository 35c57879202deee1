"""Names and contents of archived WAL: numbered segments of one size, as `pg_receivewal` writes them."""

import re
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

_LOG_BYTES = 1 << 32
"""WAL that the middle eight digits of a segment's name count."""
_NAME = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.gz)?(\.partial)?")
_PIECE = 1 << 18


class Segment(NamedTuple):
    """A file of the archive; the one that is being received is partial."""

    number: int
    path: Path
    is_partial: bool


def parse_lsn(text: str) -> int:
    """Return a position in the WAL, as `0/3000060`, in bytes. Sync and pure. Raises ValueError."""
    log, _, offset = text.partition("/")
    return (int(log, 16) << 32) + int(offset, 16)


def segment_name(timeline: int, number: int, size: int) -> str:
    """Return PostgreSQL's name of the segment of that number. Sync and pure."""
    log, rest = divmod(number, _LOG_BYTES // size)
    return f"{timeline:08X}{log:08X}{rest:08X}"


def segments_in(directory: Path, timeline: int, size: int) -> list[Segment]:
    """Return the segments of a timeline, in their order. It blocks. Raises OSError."""
    found: dict[int, Segment] = {}
    for path in directory.iterdir():
        name = _NAME.fullmatch(path.name)
        if name is not None and int(name[1], 16) == timeline:
            number = int(name[2], 16) * (_LOG_BYTES // size) + int(name[3], 16)
            segment = Segment(number, path, name[5] is not None)
            if number not in found or found[number].is_partial:  # a whole one replaces the partial one
                found[number] = segment
    return [found[number] for number in sorted(found)]


def holes(segments: list[Segment]) -> list[tuple[int, int]]:
    """Return the first and the last number of each run of segments that are missing. Sync and pure."""
    return [
        (one.number + 1, next_.number - 1)
        for one, next_ in pairwise(segments)
        if next_.number > one.number + 1
    ]


def read_segment(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a segment, of a compressed partial one as many as were flushed. It blocks.

    Raises OSError, also for a damaged file.
    """
    with open(path, "rb") as file:
        if ".gz" not in path.suffixes:
            yield from iter(lambda: file.read(_PIECE), b"")
            return
        unpack = zlib.decompressobj(wbits=31)
        try:
            while piece := file.read(_PIECE):
                yield unpack.decompress(piece)
            yield unpack.flush()
        except zlib.error as error:
            raise OSError(f"{path} is damaged: {error}") from error
        if not unpack.eof and not path.name.endswith(".partial"):
            raise OSError(f"{path} is damaged: it ends too early")


def is_whole(segment: Segment, size: int) -> bool:
    """Whether all bytes of a segment can be read. It blocks."""
    try:
        length = sum(map(len, read_segment(segment.path)))
    except OSError:
        return False
    return length == size or segment.is_partial
