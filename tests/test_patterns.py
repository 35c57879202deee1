"""No regular expression takes more than linear time: no text that a client sends can hold the server up."""

import ast
import importlib
import re
import time
from collections import Counter
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]

LENGTH = 4096
"""Characters of a text. Quadratic time is ten milliseconds or more, and linear time far less than one."""

SUSPICIOUS = 0.002
"""Seconds that are looked at twice."""

COMMON = " \t\nabzA09_-.,:/\\\"'@é\u0301"

FUNCTIONS = {
    "compile",
    "match",
    "search",
    "fullmatch",
    "sub",
    "split",
    "findall",
    "finditer",
}

MADE_ELSEWHERE = {
    "chat/features/search/query.py": 1,  # of the words of a query
    "chat/cli/talk/transcript.py": 1,  # of the reader's names
    "chat/web_api/web_client.py": 1,  # of two constants; it matches names of our own files
}
"""How many patterns of a file are made of variables."""


class Pattern(NamedTuple):
    """A regular expression of the source, and where it stands. `is_sought`: it is tried at each place of a text."""

    where: str
    text: str | bytes
    flags: int
    is_sought: bool


def patterns() -> Iterator[Pattern]:
    """All that the package makes of constants; those of its types too, which msgspec looks for."""
    sources = {path: path.read_text() for path in sorted((ROOT / "chat").rglob("*.py"))}
    used_by, made_elsewhere = dict[str, set[str]](), Counter[str]()
    for name, function in re.findall(r"\b(\w+)\.(\w+)\(", "\n".join(sources.values())):
        used_by.setdefault(name, set()).add(function)
    for path, source in sources.items():
        if not re.search(r"\bre\.\w+\(|pattern\(", source):
            continue
        name = str(path.relative_to(ROOT))
        namespace = vars(importlib.import_module(name.removesuffix(".py").replace("/", ".")))
        parsed = ast.parse(source)
        names = {
            id(node.value): node.targets[0].id
            for node in ast.walk(parsed)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in ast.walk(parsed):
            if isinstance(node, ast.Call) and is_pattern(node.func) and node.args:
                function = node.func.attr if isinstance(node.func, ast.Attribute) else "search"
                used = {function}
                if function == "compile" and id(node) in names:
                    used = used_by.get(names[id(node)], set())
                try:
                    text = value(node.args[0], namespace)
                except NameError:
                    made_elsewhere[name] += 1
                else:
                    is_sought = not used <= {"match", "fullmatch"}
                    yield Pattern(f"{name}:{node.lineno}", text, flags_of(node), is_sought)
    assert made_elsewhere == MADE_ELSEWHERE, made_elsewhere


def is_pattern(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(ast.Name("re"), name):
            return name in FUNCTIONS
        case ast.Name(name):
            return name == "pattern"
    return False


def value(expression: ast.expr, namespace: dict[str, object]) -> str | bytes:
    """What an argument is; of several the first."""
    whole = expression.value if isinstance(expression, ast.Starred) else expression
    found = eval(compile(ast.Expression(whole), "a pattern", "eval"), dict(namespace))
    text: str | bytes = found[0] if isinstance(found, tuple) else found
    return text


def flags_of(call: ast.Call) -> int:
    named = [arg.attr for arg in ast.walk(call) if isinstance(arg, ast.Attribute) and arg.attr.isupper()]
    return sum(getattr(re, name) for name in named if isinstance(getattr(re, name, None), re.RegexFlag))


def texts(pattern: Pattern) -> Iterator[str]:
    """Pieces that are repeated: each letter, what the pattern has of literal words, and pairs of its signs."""
    text = pattern.text if isinstance(pattern.text, str) else pattern.text.decode("latin-1")
    words = re.findall(r"[A-Za-z]{2,}", re.sub(r"\\.|\(\?P<\w+>", " ", text))
    signs = {*re.sub(r"\\.|\w", "", text)} | {" ", "a", "0"}
    yield from {*COMMON, *signs, *words}
    yield from map("".join, permutations(sorted(signs)[:6], 2))
    yield from (word + sign for word in words for sign in ("=", "://", "://:", " ", "."))


def seconds(pattern: Pattern, text: str) -> float:
    """Processor time of this thread in which it is tried, at each place or at the beginning alone."""
    compiled: re.Pattern[Any] = re.compile(pattern.text, pattern.flags)
    given: Any = text if isinstance(pattern.text, str) else text.encode("latin-1", "replace")
    began = time.thread_time()
    if pattern.is_sought:
        compiled.sub("" if isinstance(pattern.text, str) else b"", given)
    else:
        compiled.fullmatch(given)
    return time.thread_time() - began


def slow_pieces(pattern: Pattern) -> Iterator[str]:
    """What takes four times as long if it is twice as long."""
    for piece in texts(pattern):
        if seconds(pattern, repeated(piece, LENGTH)) < SUSPICIOUS:
            continue
        once, twice = (
            min(seconds(pattern, repeated(piece, length)) for _ in range(3))
            for length in (LENGTH, 2 * LENGTH)
        )
        if once > SUSPICIOUS and twice > 3 * once:
            yield f"{pattern.where}: {piece!r} takes {once * 1000:.1f} ms, twice as long {twice * 1000:.1f} ms"


def repeated(piece: str, length: int) -> str:
    """So many characters of a piece, and then one that fits nowhere."""
    return piece * (length // len(piece)) + "\0"


def test_no_pattern_takes_more_than_linear_time() -> None:
    found = list(patterns())
    assert len(found) > 40
    slow = [each for pattern in found for each in slow_pieces(pattern)]
    assert not slow, "\n" + "\n".join(slow)
