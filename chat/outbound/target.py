"""The URL of a request, taken apart once: what is checked is what is connected to. Pure."""

import re
from typing import Literal
from urllib.parse import SplitResult, urljoin, urlsplit

import idna
import msgspec

from chat.outbound.failures import Reason, RequestFailed

_MOST = 8192
"""Characters of a URL."""

_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+", re.IGNORECASE)


class Target(msgspec.Struct, frozen=True):
    """A host by its ASCII name or address without brackets, a port, and the path with its query."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The value of the header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


_PORTS: dict[str, int] = {"http": 80, "https": 443}


def parse_target(url: str) -> Target:
    """Return the target of a URL. Raises RequestFailed: it is no plain http(s) URL, or has a user or a password."""
    if len(url) > _MOST or _UNSAFE.search(url):
        raise RequestFailed(
            Reason.BAD_URL, "the URL is too long, or has spaces, backslashes or control characters"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RequestFailed(Reason.BAD_URL, f"no URL: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RequestFailed(Reason.BAD_URL, "the URL does not begin with https://HOST or http://HOST")
    if "@" in parts.netloc:
        raise RequestFailed(Reason.BAD_URL, "the URL has a user or a password before its host")
    if port == 0:
        raise RequestFailed(Reason.BAD_URL, "the URL has port 0")
    scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
    return Target(scheme, _ascii(parts.hostname), port or _PORTS[scheme], _path(parts))


def redirected(url: str, location: str) -> str:
    """Return the URL to which an answer of `url` leads. Raises RequestFailed. Sync and pure."""
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise RequestFailed(Reason.BAD_URL, f"redirected to no URL: {error}") from None


def _ascii(host: str) -> str:
    try:
        name = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise RequestFailed(Reason.BAD_URL, "the URL has a host that is no name and no address") from None
    if not _HOST.fullmatch(name):
        raise RequestFailed(Reason.BAD_URL, "the URL has a host that is no name and no address")
    return name.lower()


def _path(parts: SplitResult) -> str:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise RequestFailed(Reason.BAD_URL, "the URL has characters in its path that are not percent-encoded")
    return path
