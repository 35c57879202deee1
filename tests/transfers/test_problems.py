"""The page has a string for each problem with a key, with the values that the key comes with."""

import ast
import re

from chat.archive.directory import BadArchive
from chat.archive.problems import Problem
from tests.web.vendor import ROOT

FOLDERS = ("archive", "imports")
PAGE = ROOT / "chat" / "web" / "view" / "admin" / "import_problems.js"
TEXTS = ROOT / "chat" / "web" / "i18n" / "en" / "admin.js"


def raised() -> dict[str, list[set[str]]]:
    """For each problem, the names of the values that each place gives it."""
    found: dict[str, list[set[str]]] = {}
    for folder in FOLDERS:
        for file in sorted((ROOT / "chat" / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if not isinstance(node, ast.Call) or ast.unparse(node.func) != "BadArchive":
                    continue
                for argument in node.args[1:]:
                    problem = Problem[ast.unparse(argument).removeprefix("Problem.")]
                    names = {str(each.arg) for each in node.keywords}
                    found.setdefault(problem.value, []).append(names)
    return found


def test_the_page_has_a_string_for_each_problem_with_its_values() -> None:
    problems = raised()
    assert problems.keys() == set(Problem)
    pairs = re.findall(r'^  (\w+): "transfer\.problem_(\w+)"', PAGE.read_text(), re.MULTILINE)
    assert pairs == [(each.value, each.value) for each in Problem]
    for key, places in problems.items():
        (text,) = re.findall(rf'"transfer\.problem_{key}": "(.*)"', TEXTS.read_text())
        fields = set(re.findall(r"\{(\w+)\}", text))
        assert all(fields == names for names in places), f"{key}: {places}, and the text has {fields}"


def test_a_value_is_short_and_has_what_the_database_keeps() -> None:
    error = BadArchive("it is bad", Problem.UNSAFE, file="a\0\udc80b", name="é" * 1000)
    assert error.values == {"file": "a\ufffd\ufffdb", "name": "é" * 300}
