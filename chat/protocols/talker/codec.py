"""Token Talker: `{"name": …, "message": …}` both ways."""

import msgspec

from chat.protocols.lines.codec import LineDialect


class TalkerLine(msgspec.Struct, gc=False):
    """A line: its sender and its text."""

    name: str
    message: str


TALKER = LineDialect("talker", "/talker", TalkerLine)
