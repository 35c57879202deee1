"""Each edit of a function, whatever its layout and its local variables; a planted one is there for a block only."""

import ast
from textwrap import dedent, indent
from typing import Any

import pytest
from trio_cancel_sweep import planting
from trio_cancel_sweep.planting import (
    Edit,
    NothingToEdit,
    call_instead,
    checkpoint_before,
    drop,
    go_on_after,
    move,
    never,
    only_on_success,
    planted,
    read_instead,
    replace,
    without_deadline,
    without_shield,
)


def function_of(body: str) -> planting.Function:
    (function,) = ast.parse("async def f(self, a):\n" + indent(dedent(body).strip(), "    ")).body
    assert isinstance(function, ast.AsyncFunctionDef)
    return function


WAIT = "await __import__('trio').lowlevel.checkpoint()"
SCOPE = "__import__('trio').CancelScope"


@pytest.mark.parametrize(
    ("edit", "body", "edited"),
    [
        (drop("go"), "await self.go(\n    a,\n)\nb()", "pass\nb()"),
        (drop("self.b"), "if a:\n    self.b = c = 1", "if a:\n    pass"),
        (
            drop("b"),
            "x.b()\nfor b in a:\n    b += 1\n    y.b += 1",
            "pass\nfor b in a:\n    b += 1\n    pass",
        ),
        (replace("go", "x(); y()"), "z = go(a)", "x()\ny()"),
        (checkpoint_before("go"), "if a:\n    go()", f"if a:\n    {WAIT}\n    go()"),
        (
            move("n", before="go"),
            "try:\n    go()\nfinally:\n    self.n += 1",
            "try:\n    self.n += 1\n    go()\nfinally:\n    pass",
        ),
        (move("go", after="b"), "go()\na = 1\nb()\nc()", "a = 1\nb()\ngo()\nc()"),
        (call_instead("go", "x.y"), "b = await (z.go(a, k=1))", "b = await x.y(a, k=1)"),
        (read_instead("b", "c.d()"), "a.b = not a.b", "a.b = not a.c.d()"),
        (never("B"), "if a is x.B:\n    b()\nelse:\n    c()", "if False:\n    b()\nelse:\n    c()"),
        (
            only_on_success("go"),
            "try:\n    a()\nfinally:\n    b()\n    x.go()",
            "try:\n    a()\nexcept ():\n    pass\nelse:\n    b()\n    x.go()",
        ),
        (
            only_on_success("go"),
            "try:\n    a()\nexcept* E:\n    b()\nfinally:\n    go()",
            "try:\n    a()\nexcept* E:\n    b()\nelse:\n    go()",
        ),
        (
            go_on_after("E"),
            "while a:\n    try:\n        a()\n    except x.E as e:\n        b()",
            "while a:\n    try:\n        a()\n    except x.E as e:\n        b()\n        continue",
        ),
        (
            without_deadline(),
            "with t.move_on_after(\n    a, shield=True) as s:\n    b()",
            f"with {SCOPE}(shield=True) as s:\n    b()",
        ),
        (
            without_shield(),
            "with fail_after(a, shield=True):\n    b()",
            "with fail_after(a, shield=False):\n    b()",
        ),
        (without_shield(), "s.shield = True\nb()", "pass\nb()"),
    ],
)
def test_an_edit_changes_this(edit: Edit, body: str, edited: str) -> None:
    function = function_of(body)
    edit(function)
    assert ast.unparse(function) == ast.unparse(function_of(edited))
    compile(ast.fix_missing_locations(ast.Module([function], [])), "edited", "exec")


@pytest.mark.parametrize(
    ("edit", "missing"),
    [
        (drop("go"), "statement that calls or sets go"),
        (move("b", after="go"), "statement that calls or sets go"),
        (call_instead("go", "x"), "call of go"),
        (read_instead("go", "x"), "reading of go"),
        (never("go"), "`if` about go"),
        (only_on_success("go"), "`finally` with go"),
        (go_on_after("go"), "`except go`"),
        (without_deadline(), "deadline"),
        (without_shield(), "statement that calls or sets shield"),
    ],
)
def test_an_edit_that_finds_nothing_names_the_text_it_searched_for(edit: Edit, missing: str) -> None:
    function = function_of("b()\nif a:\n    forgo = self.go2()\ntry:\n    c()\nfinally:\n    d()")
    with pytest.raises(NothingToEdit, match=f"^no {missing}$"):
        edit(function)


def test_a_move_that_matches_two_lines_is_reported_as_ambiguous() -> None:
    with pytest.raises(NothingToEdit, match="2 statements that call or set b"):
        move("b", after="c")(function_of("b()\nb()\nc()"))


class Held:
    """What the tests plant defects in."""

    def __init__(self) -> None:
        self.held = 1

    def release(self) -> None:
        self.held -= 1

    @property
    def is_free(self) -> bool:
        self.release()
        return self.held == 0


held_free: Any = Held.__dict__["is_free"].fget
HERE = __name__


def test_a_planted_defect_also_affects_existing_references_to_the_function() -> None:
    with planted(f"{HERE}:Held.is_free", drop("release"))():
        assert not Held().is_free
        assert not held_free(Held())
    assert Held().is_free


@pytest.mark.parametrize(
    ("target", "got"),
    [
        ("Held.is_gone", "there is no is_gone"),
        ("Nobody.release", "there is no Nobody"),
        ("HERE", "is not a function"),
        ("Held.release", "Held.release has no statement that calls or sets go"),
    ],
)
def test_a_target_that_is_not_there_any_more_is_named(target: str, got: str) -> None:
    with pytest.raises(NothingToEdit, match=got), planted(f"{HERE}:{target}", drop("go"))():
        pass
