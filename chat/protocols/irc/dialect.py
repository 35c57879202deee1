"""IRC as a dialect: how a line is decoded. What is sent is written by the client, and by `encoder.py`."""

from chat.domain.refusals import Refusal
from chat.engine.dialect import Command
from chat.engine.events import Event, Refused
from chat.protocols.irc.lines import one_line, parse


class IrcDialect:
    """The dialect of a session. It has no path: IRC has listeners of its own."""

    name = "irc"
    path = ""
    shape = frozenset[str]()
    echoes = False
    needs_token = False
    admits_visitors = False

    def decode(self, frame: str | bytes) -> Command:
        """Return the command of a line."""
        return parse(frame)

    def encode(self, event: Event) -> bytes:
        """Return the line of a refusal, which the engine sends itself; all other lines have other encoders."""
        return failed(event.refusal) if isinstance(event, Refused) else b""


def failed(refusal: Refusal, command: str = "*", context: str = "") -> bytes:
    """Return a refusal as a standard reply (https://ircv3.net/specs/extensions/standard-replies)."""
    code = (refusal.reason or refusal.code).upper()
    return f"FAIL {command} {code} {context}:{one_line(refusal.text)}\r\n".encode()


IRC = IrcDialect()
