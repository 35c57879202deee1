"""Whether a request may come from another site's page: browsers send those wherever a page tells them to.

Two ways lead a foreign page here. It sends requests across sites, which name its `Origin`. Or its own name is made to
point at this machine (DNS rebinding): then all it sends is same-origin to the browser, and only `Host` tells.
"""

from collections.abc import Collection

import structlog

from chat.domain.addresses import parse_address
from chat.gateway.addresses import Proxies
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
"""Methods that change nothing here. What they answer, no other site's page gets to read."""


class SameSite:
    """Looks at heads. Each kind of refusal is logged once: whoever set the server up wrongly finds it there.

    Args:
        origins: other sites whose pages may call, as `https://chat.example`; `*` lets everybody in.
        proxies: who is believed about the host that a client asked for.
    """

    def __init__(self, origins: Collection[str], proxies: Proxies) -> None:
        self._origins = origins
        self._hosts = {origin[1] for origin in map(parse_origin, origins) if origin is not None}
        self._proxies = proxies
        self._logged: set[str] = set()

    def refusal(
        self, head: Head, *, peer: str, scheme: str, loopback: str | None, socket: bool = False
    ) -> str | None:
        """Return why the request is refused, in words for who sent it, or None. Sync.

        `peer` is who connected; `scheme` is `http` or `https`, as the client sees it. `loopback` is the host of the
        listener where that is bound to loopback only: nobody but this machine, and proxies on it, get there.
        A request is looked at for its origin if it opens a socket, may change something or carries a token.
        """
        if "*" in self._origins:
            return None
        forwarded = self._proxies.client_host(peer, head.headers)
        host = head.get("host")
        # HTTP/1.0 has no Host, and no browser speaks it. A proxy that is trusted is behind a name of its own.
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
