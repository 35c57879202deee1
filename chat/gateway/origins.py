"""Checks the `Origin` of sockets and calls; browsers send it, other clients need not."""

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

    `scheme` is `http` or `https` as the client sees this server. Allowed are:

    - requests without an `Origin`, which no browser sends;
    - the origin of the requested `Host`, here or at a trusted proxy (`forwarded_host`). Many proxies drop the port
      of the host; behind a trusted one (`proxied`) any port is allowed;
    - the origins in `allowed`, as `https://chat.example`; `*` allows every origin.

    Everything else is refused, also `null` and malformed origins.
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
    """Return scheme, host and port of an origin; None: it is none, such as `null`."""
    found = ORIGIN.fullmatch(text.strip().lower().removesuffix("/"))
    return _origin(*found.groups()) if found else None


def _own(host: str, scheme: str, port: int | None) -> Origin | None:
    """Return the origin of a host. `port` applies if the host has none; None: the scheme's port."""
    found = HOST.fullmatch(host.lower())
    if found is None:
        return None
    return _origin(scheme, *found.groups()) if found[2] or port is None else (scheme, found[1], port)


def _origin(scheme: str, host: str, port: str | None) -> Origin:
    return scheme, host, PORTS.get(scheme) if port is None else int(port)
