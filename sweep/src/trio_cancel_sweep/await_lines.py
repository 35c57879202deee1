"""Where code can wait: the lines of `await`, `async with` and `async for`, and which of them a task waits at.

A line is named by its file and the number of its first line, so an expression over several lines is one place.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, NamedTuple

import trio


class SweptCode(NamedTuple):
    """The code whose await lines are looked at: the file `root`, or all that is under the directory `root`.

    Installed packages inside that directory (of a virtual environment, say) are not looked at.

    Where it steps a coroutine itself, Trio does not see into that: `stepped` gets the innermost frame that Trio knows
    and returns the coroutine that is stepped there, or None.
    """

    root: Path
    stepped: Callable[[FrameType], Any] = lambda frame: None

    @classmethod
    def of(cls, code: "SweptCode | ModuleType | Path | str") -> "SweptCode":
        """Return the code of a module, of a package, or at a path."""
        if isinstance(code, SweptCode):
            return code
        if isinstance(code, ModuleType):
            if code.__file__ is None:
                raise ValueError(f"{code.__name__} has no file")
            file = Path(code.__file__)
            return cls(file.parent if file.name == "__init__.py" else file)
        return cls(Path(code).resolve())


class Line(NamedTuple):
    """One place in the source where a task can wait."""

    file: str
    number: int

    @property
    def text(self) -> str:
        """The line itself, without its indentation."""
        return _source(self.file)[self.number - 1].strip()

    def __str__(self) -> str:
        return f"{self.file.rpartition('/')[2]}:{self.number}"


@cache
def _source(file: str) -> list[str]:
    return Path(file).read_text(encoding="utf-8").splitlines()


@cache
def lines_of(file: str) -> dict[int, Line]:
    """Return for every line number that belongs to such an expression the place that it belongs to."""
    found: dict[int, tuple[int, Line]] = {}
    for node in ast.walk(ast.parse("\n".join(_source(file)))):
        match node:
            case ast.Await():
                last = node.end_lineno or node.lineno
            case ast.AsyncWith():
                last = max(item.context_expr.end_lineno or 0 for item in node.items)
            case ast.AsyncFor():
                last = node.iter.end_lineno or node.lineno
            case _:
                continue
        size = last - node.lineno
        for number in range(node.lineno, last + 1):
            if number not in found or size < found[number][0]:  # the innermost one is where a task waits
                found[number] = size, Line(file, node.lineno)
    return {number: line for number, (_, line) in found.items()}


@cache
def cleanup_lines(file: str) -> frozenset[int]:
    """Return the numbers of the lines inside `finally` and `except` of a file."""
    found: set[int] = set()
    for node in ast.walk(ast.parse("\n".join(_source(file)))):
        if isinstance(node, ast.Try | ast.TryStar):
            for each in (*node.finalbody, *(inner for handler in node.handlers for inner in handler.body)):
                found.update(range(each.lineno, (each.end_lineno or each.lineno) + 1))
    return frozenset(found)


def all_lines(root: Path) -> set[Line]:
    """Return every place in the file `root`, or in the Python files under it."""
    files = [root] if root.is_file() else root.rglob("*.py")
    return {line for path in files if _is_own(str(path), root) for line in lines_of(str(path)).values()}


def waits_at(task: trio.lowlevel.Task, swept: SweptCode) -> Iterator[Line]:
    """Say where in the swept code a task waits: each frame of its chain, the outermost first."""
    innermost: FrameType | None = None
    for frame, number in task.iter_await_frames():
        yield from _places(frame, number, swept.root)
        innermost = frame
    if innermost is not None:
        yield from coroutine_waits_at(swept.stepped(innermost), swept)


def coroutine_waits_at(coroutine: Any, swept: SweptCode) -> Iterator[Line]:
    """Say the same of a coroutine that is not Trio's (asyncio's, under trio-asyncio)."""
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            yield from _places(frame, frame.f_lineno, swept.root)
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)


def running_at(frame: FrameType | None, swept: SweptCode) -> Iterator[Line]:
    """Say where in the swept code the task that runs now has awaited what runs in `frame`, the innermost first."""
    while frame is not None:
        yield from _places(frame, frame.f_lineno, swept.root)
        frame = frame.f_back


def place_of(task: trio.lowlevel.Task) -> str:
    """Name a task and where it waits: the innermost frame outside Trio."""
    where = "where it began"
    for frame, number in task.iter_await_frames():
        if not frame.f_globals.get("__name__", "").startswith("trio."):
            where = f"{Path(frame.f_code.co_filename).name}:{number}"
    return f"task {task.name} at {where}"


def _places(frame: FrameType, number: int, root: Path) -> Iterable[Line]:
    line = _swept_lines(frame.f_code.co_filename, root).get(number)
    return () if line is None else (line,)


@cache
def _swept_lines(file: str, root: Path) -> dict[int, Line]:
    """Return `lines_of(file)` if it is swept, and nothing otherwise; a sweep asks some million times."""
    return lines_of(file) if _is_own(file, root) else {}


def _is_own(file: str, root: Path) -> bool:
    own = file.removeprefix(f"{root}/") if file != str(root) else ""
    return own != file and "site-packages/" not in own
