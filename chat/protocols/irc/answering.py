"""The lines that answer one request of a client. All of it is sync."""

from collections.abc import Sequence

from chat.domain.refusals import Code, Refusal
from chat.protocols.irc.caps import Cap
from chat.protocols.irc.dialect import failed
from chat.protocols.irc.lines import escaped, one_line


class Lines:
    """Collects the lines of an answer. `host` is the server, `nick` the client's; `label` is that of the request."""

    __slots__ = ("host", "label", "lines", "nick")

    def __init__(self, host: str, nick: str, label: str | None = None) -> None:
        self.host = host
        self.nick = nick
        self.label = label
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)

    def numeric(self, code: str, *params: str, text: str | None = None) -> None:
        """Add a numeric reply."""
        last = "" if text is None else f" :{one_line(text)}"
        self.lines.append(f":{self.host} {code} {' '.join((self.nick, *params))}{last}")

    def fail(self, command: str, refusal: Refusal, *context: str) -> None:
        """Add a refusal."""
        about = "".join(f"{each} " for each in context)
        self.lines.append(f":{self.host} {failed(refusal, command, about).decode()[:-2]}")

    def refuse(self, command: str, code: str, text: str, *context: str) -> None:
        """Add a refusal of IRC's own."""
        self.fail(command, Refusal(Code.INVALID, text, reason=code), *context)

    def encoded(self, caps: Cap) -> bytes:
        """Return the answer for a client with these capabilities; empty if there is neither a line nor a label."""
        return answered(self.host, self.lines, self.label, caps)


def answered(host: str, lines: Sequence[str], label: str | None, caps: Cap) -> bytes:
    """Return lines that answer a request with this label: they, or a batch of them, carry it. Sync and pure."""
    if label is None or (len(lines) > 1 and Cap.BATCH not in caps):
        return "".join(f"{line}\r\n" for line in lines).encode()
    label = escaped(label)
    if not lines:
        return f"@label={label} :{host} ACK\r\n".encode()
    if len(lines) == 1 or _is_batch(lines):
        return "".join(f"{line}\r\n" for line in (with_tag(lines[0], f"label={label}"), *lines[1:])).encode()
    inner = [line if line.startswith("@batch=") else with_tag(line, "batch=labeled") for line in lines]
    first, last = f"@label={label} :{host} BATCH +labeled labeled-response", f":{host} BATCH -labeled"
    return "".join(f"{line}\r\n" for line in (first, *inner, last)).encode()


def _is_batch(lines: Sequence[str]) -> bool:
    """Whether the lines are one batch already."""
    opens, closes = lines[0].partition(" BATCH +")[2], lines[-1].partition(" BATCH -")[2]
    return bool(opens) and opens.split()[0] == closes


def with_tag(line: str, tag: str) -> str:
    """Return a line with one more tag. Sync and pure."""
    return f"@{tag};{line[1:]}" if line.startswith("@") else f"@{tag} {line}"
