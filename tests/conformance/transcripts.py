"""A transcript: a conversation as plain data, read from the `.toml` file of its dialect (see README.md)."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent

_CALL = re.compile(
    r"(?:as (?P<caller>\S+) )?(?P<method>[A-Z]+) (?P<target>/\S*)(?: (?P<body>.*))?", re.DOTALL
)
_ANSWER = re.compile(r"= (?P<status>[0-9x]{3})(?: (?P<body>.*))?", re.DOTALL)
_SEED_ANSWER = re.compile(r"(?P<status>[0-9x]{3})(?: (?P<body>.*))?", re.DOTALL)
_CONNECT = re.compile(r"(?P<who>\S+) connects(?: (?P<target>\S+))?")
_FRAME = re.compile(r"(?P<who>\S+) (?P<way>>|>>|<|<~|<\*|never <)(?: (?P<text>.*))?", re.DOTALL)
_CLOSED = re.compile(r"closed(?: (\d+))?")
_LEAVE = re.compile(r"(?P<who>\S+) leaves")
_HEADER = re.compile(r"\s+(?P<name>[A-Z][\w-]*): (?P<value>.*)")


class Call(NamedTuple):
    """An HTTP request; `caller` is whose token goes with it."""

    method: str
    target: str
    body: str | None
    headers: dict[str, str]
    caller: str | None = None


class Answer(NamedTuple):
    """The answer to the call, or to the handshake, before it; a status may be a class, as 4xx."""

    status: str
    body: str
    headers: dict[str, str]


class Connect(NamedTuple):
    """A socket is opened; without a path, at the dialect's own."""

    who: str
    target: str
    headers: dict[str, str]


class Send(NamedTuple):
    """A frame from the client."""

    who: str
    text: str
    binary: bool


class Hear(NamedTuple):
    """A frame from the server. `in_order` is off where it and its neighbours may come in any order.

    `skips`: other frames may come before it.
    """

    who: str
    text: str
    in_order: bool = True
    skips: bool = False


class Closed(NamedTuple):
    """The server closes the socket, with this code if one is given; no frame comes before it."""

    who: str
    code: int | None


class Never(NamedTuple):
    """A frame that this connection has not heard so far, and that the next steps do not bring either."""

    who: str
    text: str


class Leave(NamedTuple):
    """The client closes its socket."""

    who: str


Action = Call | Answer | Connect | Send | Hear | Closed | Never | Leave


class Step(NamedTuple):
    """One line. `original` is what the original alone asks for in its place; `ours` steps are no original's at all."""

    line: int
    source: str
    action: Action
    original: Action | None
    ours: bool
    part: str


class Transcript(NamedTuple):
    """A conversation: its people are there, and their tokens known, before its first step."""

    dialect: "Dialect"
    name: str
    about: str
    ours: bool
    needs: str
    people: tuple[str, ...]
    operators: tuple[str, ...]
    admins: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def title(self) -> str:
        return f"{self.dialect.name}/{self.name}"


class Dialect(NamedTuple):
    """The file of one dialect: where its socket is, and how people get a token, new ones and those who are there."""

    name: str
    path: str
    register: str
    log_in: str
    samples: dict[str, Any]
    scheme: str  # what stands before a token in the header Authorization
    is_extensible: bool  # whether objects may have more keys than are expected
    has_lines: bool  # whether its clients send lines on a port of its own, and no frames
    transcripts: list[Transcript]


class BadTranscript(Exception):
    """A line is none that a transcript may have."""


@cache
def load(name: str) -> Dialect:
    """Read the transcripts of a dialect. Raises BadTranscript."""
    file = HERE / f"{name}.toml"
    raw = file.read_text()
    tables = tomllib.loads(raw)
    head = tables.pop("dialect")
    scripts = head["register"], head["log_in"]
    more = (
        head.get("samples", {}),
        head.get("scheme", ""),
        head.get("extensible", False),
        head.get("lines", False),
    )
    dialect = Dialect(name, head["path"], *scripts, *more, [])
    for key, table in tables.items():
        first_line = raw[: raw.index("script = '''", raw.index(f"[{key}]\n"))].count("\n") + 2
        dialect.transcripts.append(
            Transcript(
                dialect,
                key,
                table["about"],
                table.get("ours", False),
                table.get("needs", ""),
                tuple(table.get("people", "").split()),
                tuple(table.get("operators", "").split()),
                tuple(table.get("admins", "").split()),
                tuple(steps_of(table["script"], first_line, file.name)),
            )
        )
    return dialect


def dialects() -> list[str]:
    """Return the names of those that have transcripts."""
    return sorted(file.stem for file in HERE.glob("*.toml"))


def steps_of(script: str, first_line: int = 1, file: str = "script") -> Iterator[Step]:
    """Read a script. Raises BadTranscript, with the place of what can't be read."""
    part = ""
    waiting: Step | None = None  # until it is known whether a original's variant follows
    for line, text in _joined(script, first_line):
        ours = text.startswith("+ ")
        source = text.removeprefix("+ ")
        if source == "--" or source.startswith("-- "):
            part = source[2:].strip()
            continue
        try:
            if source.startswith("original "):
                if waiting is None:
                    raise ValueError
                waiting = waiting._replace(
                    original=_variant(waiting.action, source.removeprefix("original "))
                )
                continue
            action = _action(source)
        except ValueError:
            raise BadTranscript(f"{file}:{line}: {source}") from None
        if waiting is not None:
            yield waiting
        waiting = Step(line, source, action, None, ours, part)
    if waiting is not None:
        yield waiting


def _joined(script: str, first_line: int) -> Iterator[tuple[int, str]]:
    """Yield each line with the indented ones that continue it; leave out comments and empty ones."""
    lines: list[tuple[int, str]] = []
    for number, text in enumerate(script.splitlines(), first_line):
        if not text.strip() or text.startswith("#"):
            continue
        if text[0].isspace() and lines:
            lines[-1] = (lines[-1][0], f"{lines[-1][1]}\n{text}")
        else:
            lines.append((number, text))
    yield from lines


def _action(source: str) -> Action:
    text, headers = _without_headers(source)
    if found := _ANSWER.fullmatch(text):
        return Answer(found["status"], found["body"] or "", headers)
    if found := _CALL.fullmatch(text):
        return Call(found["method"], found["target"], found["body"], headers, found["caller"])
    if found := _CONNECT.fullmatch(text):
        return Connect(found["who"], found["target"] or "", headers)
    if headers:
        raise ValueError
    if found := _LEAVE.fullmatch(text):
        return Leave(found["who"])
    if found := _FRAME.fullmatch(text):
        return _frame(found["who"], found["way"], found["text"] or "")
    raise ValueError


def _frame(who: str, way: str, text: str) -> Action:
    match way:
        case ">" | ">>":
            return Send(who, text, binary=way == ">>")
        case "never <":
            return Never(who, text)
        case "<" if found := _CLOSED.fullmatch(text):
            return Closed(who, int(found[1]) if found[1] else None)
    return Hear(who, text, in_order=way != "<~", skips=way == "<*")


def _variant(action: Action, text: str) -> Action:
    """Return what the original alone expects in the place of `action`."""
    match action:
        case Hear(who, _, in_order, _):
            return _frame(who, "<" if in_order else "<~", text)
        case Closed(who):
            return _frame(who, "<", text)
        case Answer():
            if found := _SEED_ANSWER.fullmatch(text):
                return Answer(found["status"], found["body"] or "", {})
    raise ValueError


def _without_headers(source: str) -> tuple[str, dict[str, str]]:
    """Take the header lines off a step; its other lines are one text."""
    first, *more = source.split("\n")
    headers: dict[str, str] = {}
    text = [first]
    for line in more:
        if found := _HEADER.fullmatch(line):
            headers[found["name"]] = found["value"]
        else:
            text.append(line.strip())
    return " ".join(text), headers
