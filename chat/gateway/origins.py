"""Whether the page that opens a socket or calls may: browsers name its origin, and nobody else has to."""

import re
from collections.abc import Collection

from chat.gateway.http1.head import Head

ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[^\s/:@?#\[\]\\]+)(?::([0-9]{1,5}))?")
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s/:@?#\[\]\\]+)(?::([0-9]{1,5}))?")

PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int | None]


def origin_allowed(
    head: Head,
    scheme: str,
    allowed: Collection[str],
    forwarded_host: str | None = None,
    *,
    proxied: bool = False,
) -> bool:
    """Whether the `Origin` of `head` may open a socket or call (RFC 6455 section 10.2, RFC 6454).

    `scheme` is `http` or `https` as the client sees this server, `allowed` the other origins, as
    `https://chat.example`; `*` lets everybody in. No `Origin` at all is no browser, and is let in. The origin
    of the `Host` that was asked for is our own, here or at a trusted proxy (`forwarded_host`). Many proxies pass the
    host on without its port: where one that is trusted did (`proxied`), any port is our own. Everything else is
    refused, `null` and nonsense too.
    """
    origins = head.values("origin")
    if not origins or "*" in allowed:
        return True
    origin = parse_origin(origins[0])
    if origin is None or len(origins) > 1:
        return False
    own = [
        _own(host, scheme, origin[2] if proxied else None)
        for host in (head.get("host"), forwarded_host)
        if host
    ]
    return origin in own or origin in map(parse_origin, allowed)


def parse_origin(text: str) -> Origin | None:
    """Scheme, host and port of an origin; None where it is none, as `null`."""
    found = ORIGIN.fullmatch(text.strip().lower().removesuffix("/"))
    return _origin(*found.groups()) if found else None


def _own(host: str, scheme: str, port: int | None) -> Origin | None:
    """The origin of a host; `port` is its port where the host tells none, or None for the scheme's."""
    found = HOST.fullmatch(host.lower())
    if found is None:
        return None
    return _origin(scheme, *found.groups()) if found[2] or port is None else (scheme, found[1], port)


def _origin(scheme: str, host: str, port: str | None) -> Origin:
    return scheme, host, PORTS.get(scheme) if port is None else int(port)
