"""Put a defect into a module's functions for as long as a block lasts.

The module's text is changed, compiled, and the code of each function that differs is given to the real function
object: so whoever has imported it already runs the defect too, and afterwards everything is as it was.
"""

import importlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from tests.cancellation.sweeping import Report

_NONSENSE = ("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "AttributeError")
"""What a run says of a defect that was not even written properly: finding that proves nothing."""


class Mutant(NamedTuple):
    """A deliberate defect: in `module`, `line` becomes `defect`; `breaks` says what is wrong then.

    `line` may be several lines; it occurs exactly once in the module's text.
    """

    name: str
    module: str
    line: str
    defect: str
    breaks: str

    def text(self) -> str:
        """Return the module's text with the defect."""
        source = _path(self.module).read_text(encoding="utf-8")
        assert source.count(self.line) == 1, f"{self.name}: {self.module} has {self.line!r} not exactly once"
        return source.replace(self.line, self.defect)

    @contextmanager
    def applied(self) -> Generator[None]:
        """Let the defect be there for as long as the block lasts."""
        module = importlib.import_module(self.module)
        path = str(_path(self.module))
        changed = dict(_codes(compile(self.text(), path, "exec", dont_inherit=True)))
        applied = 0
        with ExitStack() as stack:
            for function in _functions(module):
                code = changed.get(function.__qualname__)
                if code is not None and not _same(function.__code__, code):
                    stack.callback(setattr, function, "__code__", function.__code__)
                    function.__code__ = code
                    applied += 1
            assert applied, f"{self.name} changes no function of {self.module}"
            yield

    def assert_found(self, report: Report) -> None:
        """Demand that the sweep found the defect, and not just that the changed text does not run."""
        assert report.failures, f"{self.breaks}; and no run showed it"
        first = report.failures[0]
        assert not any(name in first.what for name in _NONSENSE), f"{self.name} does not run: {first}"
        print(f"{self.name}: {self.breaks}", first, sep="\n  ")


def _path(module: str) -> Path:
    return Path(__file__).parents[2].joinpath(*module.split(".")).with_suffix(".py")


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    """Name the code of every function that is not inside another."""
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each.co_qualname, each
            if not each.co_flags & 1:  # a class body, which is no function
                yield from _codes(each)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """Find every function and method that the module defines, under its decorators."""
    for value in vars(module).values():
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if isinstance(value, type):
            for each in vars(value).values():
                yield from _function(each)
        else:
            yield from _function(value)


def _function(value: Any) -> Iterator[FunctionType]:
    value = getattr(value, "__func__", value)  # a static or class method
    value = getattr(value, "fget", value)
    while hasattr(value, "__wrapped__"):
        value = value.__wrapped__
    if isinstance(value, FunctionType):
        yield value


def _same(one: CodeType, other: CodeType) -> bool:
    """Whether two codes do the same, wherever they stand."""
    if (
        one.co_code != other.co_code
        or one.co_names != other.co_names
        or len(one.co_consts) != len(other.co_consts)
    ):
        return False
    return all(
        _same(a, b) if isinstance(a, CodeType) and isinstance(b, CodeType) else a == b
        for a, b in zip(one.co_consts, other.co_consts, strict=True)
    )
