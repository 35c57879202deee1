"""The kinds of defects, and the places in a source where each can be planted.

A defect replaces a piece of the text in its line, so that everything else stays where it was. What has the same
meaning for every caller is not planted: log lines, docstrings, `__repr__`, annotations, constants of a module (how
long a timeout is, what a help text says), and what only a type checker reads.
"""

import ast
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from trio_cancel_sweep import Replacement

QUIET = ("logger", "warnings")
"""Objects whose calls only tell something to somebody who reads a log."""

CHECKPOINT = '__import__("trio").lowlevel.checkpoint()'

_OTHER: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Defect(NamedTuple):
    """A text in place of another. `line` counts from 1; `statement` is the line at which its statement begins."""

    line: int
    statement: int
    kind: str
    what: str
    replacement: Replacement

    def planted_in(self, text: str) -> str:
        """Return the text with the defect. Raises NothingToReplace if it is another text."""
        return self.replacement.made_in(text)


def find_defects(text: str) -> list[Defect]:
    """Return every defect that can be planted in a module's text and still compiles, in the order of its lines."""
    found = {each.replacement: each for each in _Finder(text).find()}
    defects = [each for each in found.values() if _compiles(each.planted_in(text))]
    return sorted(
        defects, key=lambda each: (each.line, each.replacement.start, each.kind, each.replacement.new)
    )


def _compiles(text: str) -> bool:
    try:
        compile(text, "planted", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


class _Finder:
    def __init__(self, text: str) -> None:
        self._data = text.encode()
        self._tree = ast.parse(text)
        self._starts = [0]
        for line in self._data.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._statements = sorted(
            (node.lineno, node.end_lineno or 0) for node in ast.walk(self._tree) if isinstance(node, ast.stmt)
        )

    def find(self) -> Iterator[Defect]:
        for function in _functions(self._tree):
            for node in _own_nodes(function):
                yield from self._conditions(node)
                yield from self._bounds(node)
                yield from self._and_or(node)
                yield from self._returns(node)
                yield from self._drops(node)
            if isinstance(function, ast.AsyncFunctionDef):
                yield from self._checkpoints(function)

    # --- the kinds ---

    def _conditions(self, node: ast.AST) -> Iterator[Defect]:
        """A condition turned round."""
        match node:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                tests = [test]
            case ast.comprehension(ifs=ifs):
                tests = ifs
            case ast.match_case(guard=ast.expr() as guard):
                tests = [guard]
            case _:
                return
        for test in tests:
            if not isinstance(test, ast.Constant):
                yield self._replaced(test, "condition", f"not ({self._text(test)})")

    def _bounds(self, node: ast.AST) -> Iterator[Defect]:
        """A comparison with its neighbour, a number one off, a sum as a difference."""
        match node:
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                for before, op, after in zip((left, *comparators), ops, comparators, strict=False):
                    old, new = _OTHER[type(op)]
                    yield from self._between(before, after, old, new, "bound")
            case ast.BinOp(left=left, op=ast.Add(), right=right) if not _is_text(left, right):
                yield from self._between(left, right, "+", "-", "bound")
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                yield from self._between(left, right, "-", "+", "bound")
            case ast.Constant(value=int() as value) if not isinstance(value, bool):
                yield self._replaced(node, "bound", str(value + 1))

    def _and_or(self, node: ast.AST) -> Iterator[Defect]:
        if isinstance(node, ast.BoolOp):
            old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            for before, after in pairwise(node.values):
                yield from self._between(before, after, old, new, "and/or")

    def _returns(self, node: ast.AST) -> Iterator[Defect]:
        """Another value returned: the opposite truth, or nothing."""
        match node:
            case ast.Return(value=ast.Constant(value=bool() as value) as constant):
                yield self._replaced(constant, "return", str(not value))
            case ast.Return(value=(ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not())) as value):
                yield self._replaced(value, "return", f"not ({self._text(value)})")
            case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
                yield self._replaced(value, "return", "None")

    def _drops(self, node: ast.AST) -> Iterator[Defect]:
        """A line dropped: a call, an await, a change of what outlives the function, a jump."""
        match node:
            case ast.Expr(value=ast.Constant() | ast.Yield() | ast.YieldFrom()):
                pass
            case ast.Expr(value=value) if not _is_quiet(value):
                yield self._replaced(node, "dropped", "pass")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.AugAssign() | ast.Delete():
                yield self._replaced(node, "dropped", "pass")
            case ast.Raise() | ast.Continue() | ast.Break():
                yield self._replaced(node, "dropped", "pass")

    def _checkpoints(self, function: ast.AsyncFunctionDef) -> Iterator[Defect]:
        """A checkpoint between two statements of which neither waits."""
        for node in (function, *_own_nodes(function)):
            for body in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
                if not isinstance(body, list):
                    continue
                for before, statement in pairwise(body):
                    if not (_waits(before) or _waits(statement) or _is_docstring(before)):
                        yield self._inserted(statement, f"await {CHECKPOINT}")

    # --- their places ---

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def _span(self, node: ast.AST) -> tuple[int, int]:
        assert isinstance(node, ast.expr | ast.stmt)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def _text(self, node: ast.AST) -> str:
        start, end = self._span(node)
        return self._data[start:end].decode()

    def _defect(self, kind: str, what: str, start: int, end: int, new: str) -> Defect:
        line = self._data.count(b"\n", 0, start) + 1
        statement = max(first for first, last in self._statements if first <= line <= last)
        return Defect(line, statement, kind, what, Replacement(start, self._data[start:end].decode(), new))

    def _replaced(self, node: ast.AST, kind: str, new: str) -> Defect:
        old = self._text(node)
        if kind == "dropped":
            return self._defect(kind, _short(old), *self._span(node), new + "\n" * old.count("\n"))
        return self._defect(kind, f"{_short(old)} -> {_short(new)}", *self._span(node), new)

    def _between(self, before: ast.AST, after: ast.AST, old: str, new: str, kind: str) -> Iterator[Defect]:
        """An operator replaced, where it stands alone between its operands."""
        start, end = self._span(before)[1], self._span(after)[0]
        between = self._data[start:end].decode()
        if between.count(old) == 1 and "#" not in between:
            at = start + len(between[: between.index(old)].encode())
            shown = f"{_short(self._text(before))} {old} {_short(self._text(after))} -> {new}"
            yield self._defect(kind, shown, at, at + len(old), new)

    def _inserted(self, statement: ast.stmt, new: str) -> Defect:
        start, _ = self._span(statement)
        if isinstance(statement, ast.If | ast.While | ast.For | ast.With | ast.Try | ast.Match | Function):
            new = f"{new}\n" + " " * statement.col_offset
        else:
            new = f"{new}; "
        return self._defect("checkpoint", f"before {_short(self._text(statement))}", start, start, new)


def _functions(tree: ast.AST) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name not in ("__repr__", "__str__"):
            yield node


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    """What runs when the function is called: not its decorators, defaults, annotations, functions inside it, nor
    what is quiet."""
    todo: list[ast.AST] = [each for each in function.body if not _is_quiet(each)]
    while todo:
        node = todo.pop()
        yield node
        for child in ast.iter_child_nodes(node):
            if isinstance(node, ast.AnnAssign) and child is node.annotation:
                continue
            if not isinstance(child, Function | ast.ClassDef) and not _is_quiet(child):
                todo.append(child)


def _is_quiet(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
            return name in QUIET
        case ast.Call(func=ast.Name(id="cast" | "assert_never")):
            return True
        case ast.Assert() | ast.JoinedStr():
            return True
        case ast.Expr(value=value):
            return _is_quiet(value)
    return False


def _is_text(*nodes: ast.AST) -> bool:
    return any(
        isinstance(n, ast.JoinedStr) or isinstance(getattr(n, "value", None), str | bytes) for n in nodes
    )


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _waits(statement: ast.stmt) -> bool:
    """Whether the statement waits anyway, or never gets to the next one."""
    waits = ast.Await | ast.AsyncFor | ast.AsyncWith | ast.Yield
    ends = ast.Return | ast.Raise | ast.Continue | ast.Break | ast.Pass | Function | ast.ClassDef
    return isinstance(statement, ends) or any(isinstance(node, waits) for node in ast.walk(statement))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "…"
