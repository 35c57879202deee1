"""The address of a server, and how to connect to it."""

import ssl
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import trio


class Address(NamedTuple):
    """A server.

    Attributes:
        host, port: to connect to.
        name: the value of the Host header.
        path: the prefix of all paths, without a slash at its end.
        ssl_context: None if the server speaks plain HTTP.
    """

    host: str
    port: int
    name: str
    path: str
    ssl_context: ssl.SSLContext | None

    @property
    def hint(self) -> str:
        """Advice to append to an error where the server closed without an answer: many expect TLS. Sync and pure."""
        return " (is https:// meant?)" if self.ssl_context is None else ""

    @property
    def url(self) -> str:
        """The URL of the server, with a slash at its end. Sync and pure."""
        return f"{'http' if self.ssl_context is None else 'https'}://{self.name}{self.path}/"

    async def open_stream(self) -> trio.abc.Stream:
        """Connect. The caller sets the deadline.

        Raises:
            OSError: nothing listens there.
            trio.BrokenResourceError: the TLS handshake failed, as with a certificate that is not trusted.

        Cancelling: no connection is left open.
        """
        if self.ssl_context is None:
            return await trio.open_tcp_stream(self.host, self.port)
        stream = await trio.open_ssl_over_tcp_stream(
            self.host, self.port, https_compatible=True, ssl_context=self.ssl_context
        )
        try:
            await stream.do_handshake()
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise
        return stream


def parse_url(url: str, ssl_context: ssl.SSLContext | None = None) -> Address:
    """Return the address of `http://HOST[:PORT][/PATH]`; the schemes https, ws and wss are allowed too.

    Args:
        url: the server.
        ssl_context: decides which certificates are trusted; by default those that the system trusts.

    Raises:
        ValueError: it is not such a URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        raise ValueError(f"expected http://HOST or https://HOST, got {url!r}")
    secure = parts.scheme in ("https", "wss")
    port = (443 if secure else 80) if parts.port is None else parts.port
    try:
        host = parts.hostname.encode("idna").decode()
    except UnicodeError:
        raise ValueError(f"expected http://HOST or https://HOST, got {url!r}") from None
    name = f"[{host}]" if ":" in host else host
    if parts.port is not None:
        name += f":{parts.port}"
    path = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
    context = (ssl_context or ssl.create_default_context()) if secure else None
    return Address(host, port, name, path, context)
