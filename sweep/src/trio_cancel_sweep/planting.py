"""Plant a defect in a function for as long as a block lasts.

`planted("package.module:Class.method", drop("release"))` names a function and an edit of its syntax tree. An edit
names what a statement calls, or which attribute it sets: how the code is laid out and what its local variables are
called does not matter to it. Where nothing is found any more it raises `NothingToEdit`.

The real function object gets the edited code: so whoever has imported it already runs the defect too, and afterwards
everything is as it was.
"""

import ast
import importlib
import inspect
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from .reporting import Report

Function = ast.FunctionDef | ast.AsyncFunctionDef
Edit = Callable[[Function], None]
"""Changes a function's tree in place, or raises NothingToEdit."""

_NONSENSE = ("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "AttributeError")
"""What a run says of a defect that was not even written properly: finding that proves nothing."""


class NothingToEdit(AssertionError):
    """The code has changed, and the defect has to be written anew: it names something that is not there."""


class Mutant(NamedTuple):
    """A deliberate defect: for as long as a block with `plant()` lasts it is there, and `breaks` says what is wrong."""

    name: str
    plant: Callable[[], AbstractContextManager[Any]]
    breaks: str

    def assert_found(self, report: Report) -> None:
        """Demand that the sweep found the defect, and not just that the edited code does not run."""
        assert report.failures, f"{self.breaks}; and no run showed it"
        first = report.failures[0]
        assert not any(name in first.what for name in _NONSENSE), f"{self.name} does not run: {first}"
        print(f"{self.name}: {self.breaks}", first, sep="\n  ")


def planted(target: str, edit: Edit) -> Callable[[], AbstractContextManager[None]]:
    """Return what plants an edit in a function, named as `package.module:qualified.name`."""

    @contextmanager
    def plant() -> Generator[None]:
        function = _function(target)
        before = function.__code__
        function.__code__ = _edited(function, target, edit)
        try:
            yield
        finally:
            function.__code__ = before

    return plant


# The edits.


def drop(does: str) -> Edit:
    """Drop each statement that calls or sets this."""
    return replace(does, "pass")


def replace(does: str, code: str) -> Edit:
    """Put other code in the place of each statement that calls or sets this."""

    def edit(function: Function) -> None:
        for body, statement in _statements(function, does):
            at = body.index(statement)
            body[at : at + 1] = _parsed(code, statement)

    return edit


def checkpoint_before(does: str) -> Edit:
    """Let the task wait for a moment before each statement that calls or sets this."""

    def edit(function: Function) -> None:
        for body, statement in _statements(function, does):
            checkpoint = _parsed("await __import__('trio').lowlevel.checkpoint()", statement)
            body[(at := body.index(statement)) : at] = checkpoint

    return edit


def move(does: str, *, before: str = "", after: str = "") -> Edit:
    """Take the one statement that calls or sets this elsewhere: before or after the one that does the other."""

    def edit(function: Function) -> None:
        body, statement = _statement(function, does)
        there, other = _statement(function, before or after)
        body.remove(statement)
        there.insert(there.index(other) + bool(after), statement)
        if not body:
            body += _parsed("pass", statement)

    return edit


def call_instead(called: str, other: str) -> Edit:
    """Call something else with the same arguments."""

    def edit(function: Function) -> None:
        for call in _found(function, f"call of {called}", lambda node: _calls(node, called)):
            call.func = _expression(other, call)

    return edit


def read_instead(attribute: str, other: str) -> Edit:
    """Read `x.other` for every `x.attribute`; `other` may be a call or a path of attributes."""

    def is_read(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and _ends(node, attribute)

    class Reads(ast.NodeTransformer):
        def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
            return (
                _expression(f"{ast.unparse(node.value)}.{other}", node)
                if is_read(node)
                else self.generic_visit(node)
            )

    def edit(function: Function) -> None:
        _found(function, f"reading of {attribute}", is_read)
        Reads().visit(function)

    return edit


def never(mentions: str) -> Edit:
    """Take each `if` whose condition mentions this name for untrue."""

    def edit(function: Function) -> None:
        def is_such(node: ast.AST) -> bool:
            return isinstance(node, ast.If) and any(_ends(each, mentions) for each in ast.walk(node.test))

        for condition in _found(function, f"`if` about {mentions}", is_such):
            condition.test = _expression("False", condition)

    return edit


def only_on_success(does: str) -> Edit:
    """Let the `finally` that calls or sets this be skipped where something is raised, as a cancellation is."""

    def edit(function: Function) -> None:
        def is_such(node: ast.AST) -> bool:
            return isinstance(node, ast.Try | ast.TryStar) and any(
                _does(each, does) for each in node.finalbody
            )

        for attempt in _found(function, f"`finally` with {does}", is_such):
            attempt.orelse, attempt.finalbody = [*attempt.orelse, *attempt.finalbody], []
            if not attempt.handlers:  # a `try` must have something: this changes nothing
                attempt.handlers = _parsed("try: pass\nexcept (): pass", attempt)[0].handlers

    return edit


def go_on_after(exception: str) -> Edit:
    """Go on with the next turn of the loop where this exception was handled."""

    def edit(function: Function) -> None:
        def is_such(node: ast.AST) -> bool:
            return (
                isinstance(node, ast.ExceptHandler) and node.type is not None and _ends(node.type, exception)
            )

        for handler in _found(function, f"`except {exception}`", is_such):
            handler.body += _parsed("continue", handler.body[-1])

    return edit


def without_deadline() -> Edit:
    """Let every `move_on_after` and `fail_after` of the function be a scope without a deadline."""

    def edit(function: Function) -> None:
        def is_such(node: ast.AST) -> bool:
            return _calls(node, "move_on_after") or _calls(node, "fail_after")

        for call in _found(function, "deadline", is_such):
            call.func, call.args = _expression("__import__('trio').CancelScope", call), []

    return edit


def without_shield() -> Edit:
    """Take off every shield in the function, whether it is an argument or set later."""

    def edit(function: Function) -> None:
        keywords = [
            node for node in ast.walk(function) if isinstance(node, ast.keyword) and node.arg == "shield"
        ]
        for keyword in keywords:
            keyword.value = _expression("False", keyword.value)
        if not keywords:
            drop("shield")(function)

    return edit


# What they look for.


def _statements(function: Function, does: str) -> list[tuple[list[Any], ast.stmt]]:
    """Find the innermost statements that call or set this, each with the list in which it stands."""
    bodies = [
        body
        for node in ast.walk(function)
        for name in ("body", "orelse", "finalbody")
        if isinstance(body := getattr(node, name, None), list)
    ]
    found = [(body, statement) for body in bodies for statement in body if _does(statement, does)]
    if not found:
        raise NothingToEdit(f"no statement that calls or sets {does}")
    return found


def _statement(function: Function, does: str) -> tuple[list[Any], ast.stmt]:
    """Find the only one."""
    found = _statements(function, does)
    if len(found) > 1:
        raise NothingToEdit(
            f"{len(found)} statements that call or set {does}: it is not clear which is meant"
        )
    return found[0]


def _found(function: Function, what: str, is_such: Callable[[Any], bool]) -> list[Any]:
    found = [node for node in ast.walk(function) if is_such(node)]
    if not found:
        raise NothingToEdit(f"no {what}")
    return found


def _does(statement: ast.stmt, name: str) -> bool:
    return any(_calls(node, name) or _sets(node, name) for node in _own_nodes(statement))


def _own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """What a statement consists of, without the statements inside it."""
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        yield node
        inner = ast.stmt | ast.excepthandler | ast.match_case
        todo += [child for child in ast.iter_child_nodes(node) if not isinstance(child, inner)]


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and _ends(node.func, name)


def _sets(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _ends(node, name)


def _ends(node: ast.AST, name: str) -> bool:
    """Whether a dotted name ends in this one, as `self._pool.release` does in `_pool.release` and in `release`."""
    return isinstance(node, ast.Name | ast.Attribute) and f".{ast.unparse(node)}".endswith(f".{name}")


def _parsed(code: str, at: ast.AST) -> list[Any]:
    # `await` and `continue` are parsed anywhere; where they may not stand, compiling says so.
    statements = ast.parse(code).body
    for each in statements:
        for node in ast.walk(each):
            ast.copy_location(node, at)
    return statements


def _expression(code: str, at: ast.AST) -> ast.expr:
    (statement,) = _parsed(code, at)
    value: ast.expr = statement.value
    return value


# The function, and its code.


def _function(target: str) -> FunctionType:
    module, _, path = target.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = inspect.getattr_static(found, name, None)
        if found is None:
            raise NothingToEdit(f"{target}: there is no {name}")
    found = getattr(found, "__func__", None) or getattr(found, "fget", None) or found
    function = inspect.unwrap(found)  # what a decorator such as contextmanager wraps
    if not isinstance(function, FunctionType):
        raise NothingToEdit(f"{target} is not a function")
    return function


def _edited(function: FunctionType, target: str, edit: Edit) -> CodeType:
    file, name = function.__code__.co_filename, function.__code__.co_qualname
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    node: Any = tree
    for part in name.split("."):
        node = next(each for each in node.body if getattr(each, "name", "") == part)
    try:
        edit(node)
    except NothingToEdit as error:
        raise NothingToEdit(f"{target} has {error}") from None
    code = compile(ast.fix_missing_locations(tree), file, "exec", dont_inherit=True)
    for part in name.split("."):
        code = next(each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == part)
    return code
