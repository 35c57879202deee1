"""Plant a defect: put a text in the place of another, in the source of a function, for as long as a block lasts.

`planted("package.module:Class.method", "pass", instead_of="self.release()")` names a function and a text of its
source. Where the text is not there any more, or stands there twice, it raises `NothingToReplace`.

The real function object gets the changed code: so whoever has imported it already runs the defect too, and afterwards
everything is as it was. A tool that writes changed files instead makes its own `Replacement`s.
"""

import ast
import importlib
import inspect
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from .reporting import Report

NONSENSE = ("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "AttributeError")
"""What a run says of a defect that was not even written properly: finding that proves nothing."""


class NothingToReplace(AssertionError):
    """The code has changed, and the defect has to be written anew: it names something that is not there."""


class Replacement(NamedTuple):
    """At `start`, an offset in the source's UTF-8 bytes, `new` stands in place of `old`."""

    start: int
    old: str
    new: str

    def made_in(self, source: str) -> str:
        """Return the source with it. Raises NothingToReplace."""
        data, old = source.encode(), self.old.encode()
        end = self.start + len(old)
        if data[self.start : end] != old:
            raise NothingToReplace(f"{self.old!r} is not there any more")
        return (data[: self.start] + self.new.encode() + data[end:]).decode()


class Mutant(NamedTuple):
    """A deliberate defect: for as long as a block with `plant()` lasts it is there, and `breaks` says what is wrong."""

    name: str
    plant: Callable[[], AbstractContextManager[Any]]
    breaks: str

    def assert_found(self, report: Report) -> None:
        """Demand that the sweep found the defect, and not just that the changed code does not run."""
        assert report.failures, f"{self.breaks}; and no run showed it"
        first = report.failures[0]
        assert not any(name in first.what for name in NONSENSE), f"{self.name} does not run: {first}"
        print(f"{self.name}: {self.breaks}", first, sep="\n  ")


def planted(target: str, new: str, *, instead_of: str = "") -> Callable[[], AbstractContextManager[None]]:
    """Return what plants a text in a function.

    Args:
        target: the function, as `package.module:qualified.name`.
        new: the text; further lines of it are indented as the first.
        instead_of: the text in whose place it stands; without it, `new` comes before the function's first statement.
    """

    @contextmanager
    def plant() -> Generator[None]:
        function = _function(target)
        before = function.__code__
        function.__code__ = _changed(function, target, new, instead_of)
        try:
            yield
        finally:
            function.__code__ = before

    return plant


def _function(target: str) -> FunctionType:
    module, _, path = target.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = inspect.getattr_static(found, name, None)
        if found is None:
            raise NothingToReplace(f"{target}: there is no {name}")
    found = getattr(found, "__func__", None) or getattr(found, "fget", None) or found
    function = inspect.unwrap(found)  # what a decorator such as contextmanager wraps
    if not isinstance(function, FunctionType):
        raise NothingToReplace(f"{target} is not a function")
    return function


def _changed(function: FunctionType, target: str, new: str, instead_of: str) -> CodeType:
    file, names = function.__code__.co_filename, function.__code__.co_qualname.split(".")
    source = Path(file).read_text(encoding="utf-8")
    node: Any = ast.parse(source)
    for name in names:
        node = next(each for each in node.body if getattr(each, "name", "") == name)
    first = node.body[1] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body[0]
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    at, end = starts[first.lineno - 1] + first.col_offset, starts[node.end_lineno]
    if not instead_of:
        new += "\n"
    elif (found := source.encode()[at:end].count(instead_of.encode())) == 1:
        at = source.encode().index(instead_of.encode(), at)
    else:
        raise NothingToReplace(f"{target} has {found} times {instead_of!r}")
    indent = source.encode()[:at].rpartition(b"\n")[2]
    indented = new.replace("\n", "\n" + " " * (len(indent) - len(indent.lstrip())))
    code = compile(Replacement(at, instead_of, indented).made_in(source), file, "exec", dont_inherit=True)
    for name in names:
        code = next(each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == name)
    return code
