"""Each kind of defect is planted where it should be, and nowhere else."""

from pathlib import Path
from textwrap import dedent, indent

import pytest

from tests.mutants.defects import find_defects

CHAT = Path(__file__).parents[2] / "chat"


def lines_with(kind: str, body: str, head: str = "async def f(self, a, b, x):") -> list[str]:
    """The lines that defects of a kind change in a function with this body, as they are then."""
    text = f"{head}\n{indent(dedent(body).strip(), '    ')}\n"
    found = []
    for defect in find_defects(text):
        if defect.kind == kind:
            planted = defect.planted_in(text).splitlines()
            found += [
                now.strip() for was, now in zip(text.splitlines(), planted, strict=False) if was != now
            ][:1]
    return found


@pytest.mark.parametrize(
    ("kind", "line", "planted"),
    [
        ("condition", "if a: x()", ["if not (a): x()"]),
        ("condition", "while a: x()", ["while not (a): x()"]),
        ("condition", "while True: x()", []),
        ("condition", "b = 'é' if a else x", ["b = 'é' if not (a) else x"]),
        ("condition", "b = [x for x in a if x.b]", ["b = [x for x in a if not (x.b)]"]),
        ("bound", "b = a < x", ["b = a <= x"]),
        ("bound", "b = a <= x < b", ["b = a < x < b", "b = a <= x <= b"]),
        ("bound", "b = a is None", ["b = a is not None"]),
        ("bound", "b = a not in x", ["b = a in x"]),
        ("bound", "b = a[x - 1]", ["b = a[x + 1]", "b = a[x - 2]"]),
        ("bound", "b = 'a' + x", []),
        ("bound", "b = True", []),
        ("and/or", "b = a and x or b", ["b = a and x and b", "b = a or x or b"]),
        ("return", "return True", ["return False"]),
        ("return", "return a == b", ["return not (a == b)"]),
        ("return", "return x(a)", ["return None"]),
        ("return", "return None", []),
        ("dropped", "x.append(a)", ["pass"]),
        ("dropped", "await x()", ["pass"]),
        ("dropped", "self.a = b", ["pass"]),
        ("dropped", "self.a[b] += x", ["pass"]),
        ("dropped", "raise x", ["pass"]),
        ("dropped", "b = a", []),
        ("dropped", "logger.info('it is done')", []),
        ("checkpoint", "a()\nb()", ['await __import__("trio").lowlevel.checkpoint(); b()']),
        ("checkpoint", "a()\nif b:\n    x()", ['await __import__("trio").lowlevel.checkpoint()']),
        ("checkpoint", "a()\nawait b()", []),
        ("checkpoint", "'''What it does.'''\na()", []),
    ],
)
def test_a_line_gets_these_defects(kind: str, line: str, planted: list[str]) -> None:
    assert sorted(lines_with(kind, line)) == sorted(planted)


def test_a_function_that_does_not_wait_gets_no_checkpoint() -> None:
    assert lines_with("checkpoint", "a()\nb()", head="def f(a, b):") == []


@pytest.mark.parametrize(
    "text",
    [
        "LONGEST = 5 + 1\n",
        "def f(a: int = 1, *, b: Literal[2] = 2) -> Literal[3]: ...\n",
        "class C:\n    def __repr__(self):\n        return f'{self.a + 1}'\n",
        "def f():\n    a: Literal[1]\n    b = cast('int', a)\n",
        "def f(a):\n    assert a > 1\n",
    ],
)
def test_edits_without_an_effect_are_no_defects(text: str) -> None:
    assert find_defects(text) == []


def test_a_dropped_call_over_several_lines_moves_no_line_below_it() -> None:
    text = "def f(a):\n    a(\n        1,\n    )\n    return a\n"
    (dropped,) = [each for each in find_defects(text) if each.kind == "dropped"]
    assert dropped.planted_in(text).splitlines()[4] == "    return a"
    assert (dropped.line, dropped.statement) == (2, 2)


def test_a_number_in_the_middle_of_a_statement_knows_where_that_begins() -> None:
    text = "def f(a):\n    a(\n        1,\n    )\n"
    (number,) = [each for each in find_defects(text) if each.kind == "bound"]
    assert (number.line, number.statement) == (3, 2)


@pytest.mark.parametrize("name", ["settings/config.py", "gateway/listener.py", "domain/accounts/tokens.py"])
def test_a_real_file_gets_many_and_each_differs_from_the_others(name: str) -> None:
    text = CHAT.joinpath(name).read_text(encoding="utf-8")
    planted = [defect.planted_in(text) for defect in find_defects(text)]
    assert len(planted) > 10
    assert len({*planted, text}) == len(planted) + 1
