"""The page has a string for all that an import leaves out; each language has each string."""

import ast
import re
from importlib import import_module

from tests.web.vendor import ROOT

FOLDERS = ("archive", "imports")
PAGE = ROOT / "chat" / "web" / "view" / "admin" / "lost_things.js"


def lost_things() -> set[str]:
    """Each text that is a key of what is lost."""
    found: set[str] = set()
    for folder in FOLDERS:
        for file in sorted((ROOT / "chat" / folder).rglob("*.py")):
            module = import_module(
                ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            )
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Subscript) and ast.unparse(node.value).rpartition(".")[2] == "lost":
                    for part in ast.walk(node.slice):
                        if isinstance(part, ast.Constant) and isinstance(part.value, str):
                            found.add(part.value)
                        elif isinstance(part, ast.Name) and part.id.isupper():
                            found.add(getattr(module, part.id))
    return found


def test_the_page_knows_all_that_is_lost() -> None:
    things = lost_things()
    assert len(things) > 30
    assert set(re.findall(r'^  "([^"]+)": "transfer\.lost_', PAGE.read_text(), re.MULTILINE)) == things
