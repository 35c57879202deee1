"""Secrets are looked up by their hash, or compared in constant time: an answer's time says nothing about them."""

import ast
import re
from pathlib import Path

CHAT = Path(__file__).parents[3] / "chat"
_SECRET = re.compile(r"(^|_)(digest|mac|signature|secret|token|password|hash)$")

_ARCHIVE = "of an archive"
_HARMLESS = {
    (
        "chat/storage/postgres/drafts.py",
        "digest[:len(self.digest)] == self.digest",
    ): "of a message that was sent before",
    ("chat/storage/file_store.py", "left.name != digest"): "of a file that is uploaded",
    ("chat/archive/load.py", "run['digest'] != reader.digest"): _ARCHIVE,
    ("chat/archive/load.py", "run['digest'] == self._reader.digest"): _ARCHIVE,
    ("chat/archive/load.py", "found['opened_by'] == self._reader.digest"): _ARCHIVE,
    (
        "chat/domain/messages/images.py",
        "head[offset:offset + len(signature)] == signature",
    ): "of a kind of file",
}


def test_no_secret_is_compared_by_equality() -> None:
    found = set()
    for path in CHAT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
                continue
            sides = (node.left, *node.comparators)
            if any(isinstance(side, ast.Constant) for side in sides):
                continue
            if any(_SECRET.search(_name(side)) for side in sides):
                found.add((str(path.relative_to(CHAT.parent)), ast.unparse(node)))
    assert found == set(_HARMLESS)


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str() as name)):
            return name
    return ""
