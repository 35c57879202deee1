"""Queries to a running server: on the socket in its data directory, or over HTTP with an admin's token."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from chat.cli.command_failed import CommandFailed
from chat.cli.flags import config_flags
from chat.cli.tokens import read_token
from chat.inspection.control_path import reachable
from chat.settings.sources import read_config

Command = TypeVar("Command", bound=Callable[..., Any])
Json = Any
"""A decoded JSON value."""

Query = Callable[..., Any]
"""Sends one query, as `query("why", 17)`, and returns the answer. Raises CommandFailed."""

_TIMEOUT = 10.0
"""Seconds for an answer."""

_NOT_A_CHAT_SERVER = "the answer is not one of a chat server"

_ROUTES = {
    "tree": ("GET", "/admin/tree.json?most={}"),
    "cancel": ("POST", "/admin/clients/{}/cancel"),
    "why": ("GET", "/admin/why/{}"),
    "ends": ("GET", "/admin/why"),
    "health": ("GET", "/healthz"),
}


url_flag = click.option(
    "--url", metavar="URL", help="Query this server over HTTP, with the token of an admin in CHAT_TOKEN."
)
"""The flag that chooses a server elsewhere."""


def server_flags(command: Command) -> Command:
    """Add the flags that choose the server of a command."""
    return config_flags("data")(url_flag(command))


def server_query(url: str | None, needs_token: bool = True, /, **flags: object) -> Query:
    """Return a function that queries the server chosen by the flags.

    Args:
        url: the server, to query it over HTTP; None for the socket in its data directory.
        needs_token: whether the query over HTTP needs the token of an admin.
        flags: the other flags of the command.

    Raises:
        ConfigError, CommandFailed: the flags are wrong.
    """
    if url is not None:
        _check(url)
        token = read_token()
        if not token and needs_token:
            raise click.UsageError("set CHAT_TOKEN to the token of an admin to query over HTTP")
        return lambda name, *arguments: _query_http(url.rstrip("/"), token, name, *arguments)
    data = read_config(flags, os.environ).data
    return lambda name, *arguments: _query_local(data, name, *arguments)


def _query_local(data: Path, name: str, *arguments: int) -> Json:
    line = " ".join(map(str, ("why" if name == "ends" else name, *arguments)))
    try:
        with socket.socket(socket.AF_UNIX) as connection, reachable(data) as path:
            connection.settimeout(_TIMEOUT)
            connection.connect(path)
            connection.sendall(f"{line}\n".encode())
            with connection.makefile("rb") as answer:
                reply = json.loads(answer.read())
    except (FileNotFoundError, ConnectionRefusedError):
        raise CommandFailed(f"no server runs on {data}: start one there, or pass --data or --url") from None
    except OSError as error:
        raise CommandFailed(
            f"no server answers on {data}: {error.strerror or error}; pass --data or --url"
        ) from None
    except ValueError:
        raise CommandFailed("the server stopped in the middle of its answer") from None
    if reply["error"] is not None:
        raise CommandFailed(reply["error"])
    return reply["result"]


def _query_http(url: str, token: str | None, name: str, *arguments: int) -> Json:
    import http.client  # late: a health check in a container uses the data directory, every ten seconds
    import urllib.error
    import urllib.request

    method, path = _ROUTES[name]
    try:
        request = urllib.request.Request(url + path.format(*arguments), method=method)
        if token:
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            raise CommandFailed(f"{url}: {error.code}: {_error_text(error.read())}") from None
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        raise CommandFailed(f"{url} does not answer: {_reason(error)}") from None
    try:
        return json.loads(body)
    except ValueError:
        raise CommandFailed(f"{url}: {_NOT_A_CHAT_SERVER}") from None


def _check(url: str) -> None:
    """Refuse a URL that is not of a server: urllib would open a file: URL too."""
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise click.UsageError(f"--url: expected http://HOST or https://HOST, got {url!r}")


def _reason(error: Exception) -> str:
    from chat.client.endings import describe  # late: the import takes half the time of a health check

    reason = getattr(error, "reason", None)  # of a URLError; the reason of an SSLError is a text
    text = describe(reason if isinstance(reason, Exception) else error)
    return f"{text} (is https:// meant?)" if isinstance(error, ConnectionResetError) else text


def _error_text(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return _NOT_A_CHAT_SERVER
