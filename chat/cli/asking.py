"""How commands ask a running server: on its data directory's socket, or over HTTP, with a token but for its health."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from chat.cli.failing import CommandFailed
from chat.cli.flags import config_flags
from chat.cli.tokens import given_token
from chat.inspection.control_path import reachable
from chat.settings.sources import read_config

Command = TypeVar("Command", bound=Callable[..., Any])
Json = Any
"""A decoded answer."""

Ask = Callable[..., Any]
"""Asks one question, as `ask("why", 17)`, and returns the answer. Raises CommandFailed."""

_PATIENCE = 10.0
"""Seconds for an answer."""

_NOT_OURS = "the answer is not one of this server's"

_ROUTES = {
    "tree": ("GET", "/admin/tree.json?most={}"),
    "cancel": ("POST", "/admin/clients/{}/cancel"),
    "why": ("GET", "/admin/why/{}"),
    "ends": ("GET", "/admin/why"),
    "health": ("GET", "/healthz"),
}


def server_flags(command: Command) -> Command:
    """Give a command the flags that say which server it asks."""
    url = click.option("--url", metavar="URL", help="Ask this server over HTTP, with an admin's CHAT_TOKEN.")
    return config_flags("data")(url(command))


def server_asked(url: str | None, needs_token: bool = True, /, **flags: object) -> Ask:
    """Return how to ask the server that the flags name. Raises ConfigError and CommandFailed.

    Over HTTP the answer is an admin's, but for questions with `needs_token` off.
    """
    if url is not None:
        _check(url)
        token = given_token()
        if not token and needs_token:
            raise click.UsageError("set CHAT_TOKEN to the token of an admin to ask over HTTP")
        return lambda question, *parts: _ask_http(url.rstrip("/"), token, question, *parts)
    data = read_config(flags, os.environ).data
    return lambda question, *parts: _ask_local(data, question, *parts)


def _ask_local(data: Path, question: str, *parts: int) -> Json:
    line = " ".join(map(str, ("why" if question == "ends" else question, *parts)))
    try:
        with socket.socket(socket.AF_UNIX) as asking, reachable(data) as path:
            asking.settimeout(_PATIENCE)
            asking.connect(path)
            asking.sendall(f"{line}\n".encode())
            with asking.makefile("rb") as answer:
                reply = json.loads(answer.read())
    except (FileNotFoundError, ConnectionRefusedError):
        raise CommandFailed(f"no server runs on {data}: start one there, or pass --data or --url") from None
    except OSError as error:
        raise CommandFailed(
            f"no server answers on {data}: {error.strerror or error}; pass --data or --url"
        ) from None
    except ValueError:
        raise CommandFailed("the server ended in the middle of its answer") from None
    if reply["error"] is not None:
        raise CommandFailed(reply["error"])
    return reply["result"]


def _ask_http(url: str, token: str | None, question: str, *parts: int) -> Json:
    import http.client  # late: who asks on the data directory, every ten seconds in a container, needs no HTTP
    import urllib.error
    import urllib.request

    method, path = _ROUTES[question]
    try:
        request = urllib.request.Request(url + path.format(*parts), method=method)
        if token:
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            told = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            raise CommandFailed(f"{url}: {error.code}: {_said(error.read())}") from None
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        raise CommandFailed(f"{url} does not answer: {_why(error)}") from None
    try:
        return json.loads(told)
    except ValueError:
        raise CommandFailed(f"{url}: {_NOT_OURS}") from None


def _check(url: str) -> None:
    """Refuse what is no URL of a server; the library would take one of a file, too."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise click.UsageError(f"--url: expected http://HOST or https://HOST, got {url!r}")


def _why(error: Exception) -> str:
    from chat.client.endings import describe  # late: it takes half the time of a health check

    reason = getattr(error, "reason", None)  # of an URLError; that of an SSLError is text
    why = describe(reason if isinstance(reason, Exception) else error)
    return f"{why} (is https:// meant?)" if isinstance(error, ConnectionResetError) else why


def _said(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return _NOT_OURS
