"""The private members of trio-websocket that the gateway uses exist, and it uses no others."""

import ast
import inspect
import re
from importlib.metadata import version
from pathlib import Path

from trio_websocket import WebSocketConnection
from wsproto import ConnectionType, WSConnection

ROOT = Path(__file__).parents[3]
VERSION = "0.12"
CALLED = {"_reader_task"}
OVERRIDDEN = {"_send", "_handle_pong_event", "_close_stream"}
READ = {"_wsproto", "_message_parts"}


def test_the_installed_version_is_the_one_whose_private_members_are_used() -> None:
    assert version("trio-websocket").startswith(f"{VERSION}.")
    bound = re.search(r'"trio-websocket>=([\d.]+),<([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert bound is not None
    assert bound[1].startswith(f"{VERSION}.")
    assert bound[2] == "0.13"


def test_the_private_members_are_there() -> None:
    for name in CALLED | OVERRIDDEN:
        assert inspect.iscoroutinefunction(getattr(WebSocketConnection, name)), name
    assert list(inspect.signature(WebSocketConnection._send).parameters) == ["self", "event"]
    connection = WebSocketConnection(None, WSConnection(ConnectionType.SERVER))  # type: ignore[arg-type]
    assert isinstance(connection._wsproto, WSConnection)
    assert connection._message_parts == []


def test_no_other_private_member_is_used() -> None:
    tree = ast.parse((ROOT / "chat" / "gateway" / "websocket" / "client_stream.py").read_text())
    (library,) = (
        each for each in ast.walk(tree) if isinstance(each, ast.ClassDef) and each.name == "_Connection"
    )
    used = {each.attr for each in ast.walk(library) if _is_private(each)}
    used |= {each.attr for each in ast.walk(tree) if _is_private(each) and _is_of_connection(each.value)}
    overridden = {each.name for each in library.body if isinstance(each, ast.AsyncFunctionDef)}
    assert used - OVERRIDDEN == CALLED | READ
    assert overridden == OVERRIDDEN


def _is_private(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")


def _is_of_connection(node: ast.expr) -> bool:
    return ast.unparse(node) in ("connection", "self.connection")
