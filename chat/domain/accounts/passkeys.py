"""The address for which browsers make passkeys. Pure."""

from urllib.parse import urlsplit

import msgspec

from chat.domain.addresses import parse_address
from chat.domain.limits.bounds import Login

_DEFAULT_PORTS = {"https": 443, "http": 80}


class PasskeySite(msgspec.Struct, frozen=True):
    """The origin of the page, as browsers write it, and its host, to which passkeys are bound (the RP ID)."""

    origin: str
    rp_id: str


def passkey_site(public_url: str) -> PasskeySite | None:
    """Return the site of a `public_url`; None: browsers make no passkeys there.

    They do for names with TLS, and for localhost; not for numeric addresses.
    """
    try:
        parts = urlsplit(public_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    is_local = parts.scheme == "http" and host == "localhost"
    if not host or parse_address(host) is not None or not (parts.scheme == "https" or is_local):
        return None
    shown = "" if port is None or port == _DEFAULT_PORTS[parts.scheme] else f":{port}"
    return PasskeySite(f"{parts.scheme}://{host}{shown}", host)


def logs_in_by_passkey(public_url: str, login: Login) -> bool:
    """Whether people may log in by a passkey alone: not where the identity provider is the only way in."""
    return login != "sso" and passkey_site(public_url) is not None
