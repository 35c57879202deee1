"""Instant Messenger: `{"username": …, "message": …}` both ways."""

import msgspec

from chat.protocols.lines.codec import LineDialect


class MessengerLine(msgspec.Struct, gc=False, rename={"name": "username"}):
    """A line: its sender and its text."""

    name: str
    message: str


MESSENGER = LineDialect("messenger", "/messenger", MessengerLine)
