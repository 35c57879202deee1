"""Writes the transcripts' frames into the examples of the protocol pages, so that the pages show tested ones.

    python -m tests.conformance.render            # rewrite the pages
    python -m tests.conformance.render --check    # say which are not as they should be

An example is a fenced block below a comment that names a transcript, and a part of it if not the whole:
`<!-- transcript: talker/history-in-order#asked -->`.
"""

import itertools
import json
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.conformance.templates import HOLE, kind_of
from tests.conformance.transcripts import (
    Answer,
    Call,
    Closed,
    Connect,
    Dialect,
    Hear,
    Leave,
    Send,
    Step,
    Transcript,
    load,
)

PAGES = Path(__file__).parents[2] / "docs" / "protocols"

_EXAMPLE = re.compile(
    r"^<!-- transcript: (?P<dialect>[\w-]+)/(?P<name>[\w-]+)(?:#(?P<part>[^>]+?))? -->\n```text\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_REFERENCE = re.compile(r"<!-- transcript: ")
_REPEATED = re.compile(r"\{(.)\*(\d+)\}")
_QUOTED_OR_HOLE = re.compile(r'("(?:[^"\\]|\\.)*")|(\{[A-Za-z][\w.-]*\})')
_FIRST_ID = 7
"""The first id in an example; small, and not one that looks like a count."""
_FIRST_SECOND = 1678794555
"""The time in the examples of the support desk, in Unix seconds."""


class BadReference(Exception):
    """A page names a transcript that is not there, or its example can't be found."""


def rendered(page: str) -> str:
    """Return a page with its examples as the transcripts have them now. Raises BadReference."""
    if len(_EXAMPLE.findall(page)) != len(_REFERENCE.findall(page)):
        raise BadReference("an example has no ```text block right below its comment")
    return _EXAMPLE.sub(lambda found: _with_example(found), page)


def _with_example(found: re.Match[str]) -> str:
    place, part = f"{found['dialect']}/{found['name']}", found["part"]
    transcripts = [t for t in load(found["dialect"]).transcripts if t.name == found["name"]]
    if not transcripts:
        raise BadReference(place)
    lines = example(transcripts[0], part)
    if not lines:
        raise BadReference(f"{place} has no part {part!r}")
    comment = found[0].partition("\n")[0]
    return "\n".join([comment, "```text", *lines, "```"])


def example(transcript: Transcript, part: str | None = None) -> list[str]:
    """Return the lines of an example: the whole transcript, or one part of it."""
    samples = _samples(transcript)
    lines: list[str] = []
    for step in transcript.steps:
        if part is None or step.part == part:
            if lines and isinstance(step.action, Call):
                lines.append("")
            lines += [
                _filled(line, samples, is_json=not transcript.dialect.has_lines).rstrip()
                for line in _lines(step, transcript.dialect)
            ]
    return lines


def _lines(step: Step, dialect: Dialect) -> list[str]:
    first, *more = step.source.split("\n")
    more = [line[2:] if step.ours and line.startswith("    ") else line for line in more]
    match step.action:
        case Call(_, _, _, _, None):
            return [first, *more]
        case Call(_, _, _, _, caller):
            return [
                first.removeprefix(f"as {caller} "),
                f"  Authorization: {dialect.scheme}{{{caller}.token}}",
                *more,
            ]
        case Answer():
            return [f"← {first.removeprefix('= ')}", *more]
        case Connect(who, target):
            return [f"{who} connects to {target if target.startswith('/') else dialect.path + target}", *more]
        case Send(who, text, binary):
            return [f"{who} → {'(binary) ' if binary else ''}{text}"]
        case Hear(who) | Closed(who):
            return [f"{who} ← {first.partition(' ')[2].partition(' ')[2]}", *more]
        case Leave(who):
            return [f"{who} leaves"]
    return []


def _samples(transcript: Transcript) -> dict[str, Any]:
    """Choose a value for each hole: what looks like the real thing, and differs where the real ones differ."""
    people = (*transcript.people, *transcript.operators, *transcript.admins)
    holes = [hole for step in transcript.steps for hole in HOLE.findall(step.source)]
    holes = [*(f"{who}.{what}" for who in people for what in ("id", "token")), *holes]
    names = {*people, *(hole for hole in holes if "." not in hole)}
    ids, seconds = itertools.count(_FIRST_ID), itertools.count(_FIRST_SECOND)
    samples: dict[str, Any] = dict(transcript.dialect.samples)
    for hole in holes:
        if hole not in samples:
            samples[hole] = _sample(hole, names, ids, seconds)
    return samples


def _sample(hole: str, names: Collection[str], ids: Iterator[int], seconds: Iterator[int]) -> Any:
    owner = hole.partition(".")[0]
    match kind_of(hole):
        case "id":
            return next(ids)
        case "token":
            return f"<{owner}'s token>" if owner in names and owner != hole else "<token>"
        case "time":
            return datetime.fromtimestamp(next(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%S.123456Z")
        case "seconds":
            return next(seconds)
        case "milliseconds":
            return next(seconds) * 1000 + 123
        case "number":
            return 12
        case _ if hole.endswith(".password"):
            return "secret word"
    return "…" if hole == "any" or "." in hole else hole


def _filled(line: str, samples: dict[str, Any], *, is_json: bool) -> str:
    """Put samples in the holes; where one is a value in JSON by itself, it is written as such."""

    def fill(found: re.Match[str]) -> str:
        string, hole = found.groups()
        if string is not None:
            return HOLE.sub(lambda inner: str(samples[inner[1]]), string)
        is_value = is_json and line[: found.start()].endswith(('": ', "[", ", "))
        sample = samples[hole[1:-1]]
        return json.dumps(sample, ensure_ascii=False) if is_value else str(sample).removesuffix("…")

    line = _REPEATED.sub(lambda found: f"{found[1] * 5}… ({int(found[2]):,} of them)", line)
    return _QUOTED_OR_HOLE.sub(fill, line).replace("...", "…")


def main(arguments: Sequence[str]) -> int:
    """Rewrite the pages, or only look; return the exit status."""
    stale = []
    for page in sorted(PAGES.glob("*.md")):
        text = page.read_text()
        new = rendered(text)
        if new != text:
            stale.append(page.name)
            if "--check" not in arguments:
                page.write_text(new)
    print(
        "\n".join(f"{'differs' if '--check' in arguments else 'written'}: {name}" for name in stale)
        or "all as they should be"
    )
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
