"""Where a server is, and a stream to it."""

import ssl
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import trio


class Address(NamedTuple):
    """A server: `host` and `port` to connect to, `name` for the Host header, `path` that its calls stand below.

    `tls` is None where it is spoken to in clear text.
    """

    host: str
    port: int
    name: str
    path: str
    tls: ssl.SSLContext | None

    @property
    def hint(self) -> str:
        """What may help where a connection ends without an answer: so do many that expect TLS. Sync and pure."""
        return " (is https:// meant?)" if self.tls is None else ""

    @property
    def url(self) -> str:
        """The server's own URL, with a slash at its end. Sync and pure."""
        return f"{'http' if self.tls is None else 'https'}://{self.name}{self.path}/"

    async def open_stream(self) -> trio.abc.Stream:
        """Connect. The caller sets the deadline.

        Raises:
            OSError: nobody is there; trio.BrokenResourceError: or not with a certificate that is trusted.

        Cancelling: no connection is left.
        """
        if self.tls is None:
            return await trio.open_tcp_stream(self.host, self.port)
        stream = await trio.open_ssl_over_tcp_stream(
            self.host, self.port, https_compatible=True, ssl_context=self.tls
        )
        try:
            await stream.do_handshake()
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise
        return stream


def parse_url(url: str, tls: ssl.SSLContext | None = None) -> Address:
    """Return the address of `http://host[:port][/path]`, or of https, ws or wss.

    Args:
        url: where the server is.
        tls: which certificates are trusted; by default those that the system trusts.

    Raises:
        ValueError: it is no such URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        raise ValueError(f"expected http://HOST or https://HOST, got {url!r}")
    secure = parts.scheme in ("https", "wss")
    port = (443 if secure else 80) if parts.port is None else parts.port
    try:
        host = parts.hostname.encode("idna").decode()  # as HTTP has it
    except UnicodeError:
        raise ValueError(f"expected http://HOST or https://HOST, got {url!r}") from None
    name = f"[{host}]" if ":" in host else host
    if parts.port is not None:
        name += f":{parts.port}"
    path = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
    context = (tls or ssl.create_default_context()) if secure else None
    return Address(host, port, name, path, context)
