"""The commands that README and docs name, in blocks and in the middle of sentences; flags and links too."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *(
        page
        for folder in ("docs", "bench", "tests")
        for page in sorted((ROOT / folder).rglob("*.md"))
        if "node_modules" not in page.parts
    ),
]
PROGRAMS = {"make", "chat", "python", "python3", "pytest", "pip", "curl", "npx", "podman", "docker"}
SHELLS = {"sh", "bash", "shell", "console"}
ASSIGNMENT = re.compile(r"\w+=")


class Command(NamedTuple):
    """A command as a page names it; `whole` if it is to be copied, not a mention that may be abbreviated."""

    page: Path
    text: str
    whole: bool = True

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.text}"


def commands(page: Path) -> Iterator[Command]:
    """Yield the commands of a page, in its order: those of its blocks, then those in its sentences."""
    for kind, block in _blocks(page.read_text()):
        if kind not in {*SHELLS, "indented"}:
            continue
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            text = re.split(r"\s{2,}|\s#\s", line.strip().removeprefix("$ "))[0]  # what follows explains it
            if _program(text.split()) is not None:
                yield Command(page, text)
    for span in re.findall(r"`([^`]+)`", _prose(page)):
        words = span.split()
        if len(words) > 1 and _program(words) is not None:
            yield Command(page, " ".join(words), whole=False)


def shell_blocks(page: Path) -> list[str]:
    """Return the fenced blocks that are for a shell."""
    return [block for kind, block in _blocks(page.read_text()) if kind in SHELLS]


def mentioned_flags(page: Path) -> Iterator[str]:
    """Yield the flags that stand alone in a page's sentences, as `--listen 5000=messenger` does."""
    for span in re.findall(r"`(--[^`]+)`", _prose(page)):
        yield from (word.partition("=")[0] for word in span.split() if word.startswith("--") and word != "--")


def links(page: Path) -> Iterator[Path]:
    """Yield the targets of a page's links within the project."""
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(page)):
        if not re.match(r"[a-z]+:|#", target):
            yield (page.parent / target.partition("#")[0]).resolve()


def _prose(page: Path) -> str:
    return "\n".join(block for kind, block in _blocks(page.read_text()) if kind is None)


def _blocks(text: str) -> Iterator[tuple[str | None, str]]:
    """Yield (kind, block) for each fenced and each indented block, and (None, text) for the text between them."""
    for place, part in enumerate(re.split(r"^```(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)):
        if place % 2:
            kind, _, block = part.partition("\n")
            yield kind.strip() or "text", block
            continue
        for inner, lines in enumerate(re.split(r"(?:(?<=\n\n)|\A)((?: {4}.*\n)+)", part)):
            yield ("indented", lines) if inner % 2 else (None, lines)


def _program(words: Sequence[str]) -> str | None:
    """The program that is run, if it is one we know of: `chat` of .venv/bin/chat and of CHAT_DATA=… chat."""
    words = [word for word in words if not ASSIGNMENT.match(word)]
    if words[:1] == ["exec"] or words[:1] == ["sudo"]:
        words = words[1:]
    name = words[0].rpartition("/")[2] if words else ""
    return name if name in PROGRAMS else None
