"""Refuses requests that another site's page sent: a browser sends requests wherever a page tells it to.

A foreign page has two ways. It sends cross-site requests, which name its `Origin`. Or its own name resolves to this
machine (DNS rebinding): then its requests are same-origin for the browser, and only `Host` reveals them.
"""

from collections.abc import Collection

import structlog

from chat.domain.addresses import parse_address
from chat.domain.proxies import Proxies
from chat.gateway.http1.head import LOGGED, Head
from chat.gateway.origins import HOST, origin_allowed, parse_origin

logger = structlog.get_logger(__name__)

FOREIGN_HOST = (
    "on loopback this server answers to localhost alone: to reach it by another name, behind a reverse proxy or not, "
    "start it with --origin https://NAME (CHAT_ORIGINS), or have a trusted proxy send X-Forwarded-Host"
)
FOREIGN_ORIGIN = (
    "this origin is not allowed: the server's operator may allow it with --origin https://NAME (CHAT_ORIGINS); behind "
    "a reverse proxy, --trusted-proxy has the server believe what the proxy says of scheme and host"
)

_TRUSTED = "if that origin is yours, --origin allows it"
_UNTRUSTED = (
    f"{_TRUSTED}; if the peer is your reverse proxy, --trusted-proxy believes what it says of the host"
)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing here. Browsers hide their answers from other sites' pages."""


class SameSite:
    """Checks heads. Each kind of refusal is logged once, so that an operator can see a wrong configuration.

    Args:
        origins: other sites whose pages may call, as `https://chat.example`; `*` allows every site.
        proxies: the proxies that are trusted about the host which a client asked for.
    """

    def __init__(self, origins: Collection[str], proxies: Proxies) -> None:
        self._origins = origins
        self._hosts = {origin[1] for origin in map(parse_origin, origins) if origin is not None}
        self._proxies = proxies
        self._logged: set[str] = set()

    def refusal(
        self, head: Head, *, peer: str, scheme: str, loopback: str | None, socket: bool = False
    ) -> str | None:
        """Return why the request is refused, for the client, or None. Sync.

        `peer` is the address that connected; `scheme` is `http` or `https`, as the client sees it. `loopback` is the
        listener's host if it is bound to loopback only: then only this machine, and proxies on it, can connect.
        The origin is checked for requests that open a socket, may change something or carry a token.
        """
        if "*" in self._origins:
            return None
        forwarded = self._proxies.client_host(peer, head.headers)
        host = head.get("host")
        # HTTP/1.0 has no Host, but no browser speaks it. A trusted proxy has a name of its own.
        if loopback is not None and host and forwarded is None and not self._is_ours(host, loopback):
            self._log("a request with a foreign Host header", host=host, ours=["localhost", *self._hosts])
            return FOREIGN_HOST
        if not (socket or head.method not in SAFE or head.values("authorization")):
            return None
        crossed = not head.values("origin") and head.get("sec-fetch-site") == "cross-site"
        proxied = self._proxies.trusts(peer)
        if crossed or not origin_allowed(head, scheme, self._origins, forwarded, proxied=proxied):
            self._log(
                "a request from a foreign origin",
                origin=", ".join(head.values("origin")) or "none, but Sec-Fetch-Site: cross-site",
                ours=f"{scheme}://{forwarded or host}",
                origins=list(self._origins),
                peer=peer,
                hint=_TRUSTED if proxied else _UNTRUSTED,
            )
            return FOREIGN_ORIGIN
        return None

    def _is_ours(self, host: str, loopback: str) -> bool:
        found = HOST.fullmatch(host.strip().lower())
        if found is None:
            return False
        name = found[1].removesuffix(".")
        address = parse_address(name.removeprefix("[").removesuffix("]"))
        return (
            name == "localhost"
            or name.endswith(".localhost")
            or (address is not None and address.is_loopback)
            or name == loopback.lower()
            or name in self._hosts
        )

    def _log(self, event: str, **compared: object) -> None:
        if event not in self._logged:
            self._logged.add(event)
            shown = {
                name: value[:LOGGED] if isinstance(value, str) else value for name, value in compared.items()
            }
            logger.warning(f"refused {event}; further ones are not logged", **shown)
