"""A multiline message on its way in: a batch of lines (https://ircv3.net/specs/extensions/multiline)."""

from chat.domain.text.rules import TEXT_LENGTH
from chat.protocols.irc.caps import MOST_LINES
from chat.protocols.irc.lines import Line

CONCAT = "draft/multiline-concat"


class Multiline:
    """The lines so far. Sync."""

    __slots__ = ("_text", "label", "lines", "ref", "tags", "target", "verb")

    def __init__(self, ref: str, target: str, line: Line, label: str | None) -> None:
        self.ref = ref
        self.target = target
        self.label = label
        self.tags = line.tags
        self.verb = ""
        self.lines = 0
        self._text = ""

    def add(self, line: Line) -> str | None:
        """Add a line of the batch; return the code of its refusal, which ends the batch."""
        if (
            line.verb not in ("PRIVMSG", "NOTICE")
            or len(line.params) != 2
            or self.verb not in ("", line.verb)
        ):
            return "MULTILINE_INVALID"
        if line.params[0] != self.target:
            return "MULTILINE_INVALID_TARGET"
        is_joined = CONCAT in line.tags
        if is_joined and (not self.lines or not line.params[1]):
            return "MULTILINE_INVALID"
        self.verb = line.verb
        self.lines += 1
        self._text += line.params[1] if is_joined or self.lines == 1 else f"\n{line.params[1]}"
        if self.lines > MOST_LINES:
            return "MULTILINE_MAX_LINES"
        return "MULTILINE_MAX_BYTES" if len(self._text.encode()) > 4 * TEXT_LENGTH else None

    @property
    def text(self) -> str:
        """The lines, joined."""
        return self._text
