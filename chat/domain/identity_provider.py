"""The identity provider (OpenID Connect) by which people may log in, and its settings. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import cast, get_args
from urllib.parse import urlsplit

import msgspec

from chat.domain.accounts.account_changes import Role
from chat.domain.addresses import parse_address


class IdentityProvider(msgspec.Struct, frozen=True, kw_only=True):
    """An identity provider. Made by `identity_provider`.

    Attributes:
        issuer: its URL, compared exactly.
        client_id, client_secret: as the provider knows this server; without a secret it is a public client.
        name: on the button of the log-in page.
        scopes: those asked for.
        groups_claim: the claim that lists a person's groups.
        roles: by group, the roles that its people have. Other roles are given here.
        links_by_address: whether the first log-in of somebody with a verified address gets the account that has it.
    """

    issuer: str
    client_id: str
    client_secret: str | None = None
    name: str
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    groups_claim: str = "groups"
    roles: Mapping[str, frozenset[Role]] = {}
    links_by_address: bool = False

    def __repr__(self) -> str:
        return f"IdentityProvider({self.issuer}, {self.client_id})"


def identity_provider(
    issuer: str,
    client_id: str | None,
    client_secret: str | None,
    name: str,
    scopes: Iterable[str],
    groups_claim: str,
    groups: Iterable[str],
    *,
    links_by_address: bool,
) -> IdentityProvider:
    """Return the provider of the settings that begin with `oidc_`. Raises ValueError, without the secret."""
    try:
        parts = urlsplit(issuer)
        host = parts.hostname or ""
    except ValueError:
        raise ValueError(_NO_ISSUER) from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or "@" in issuer:
        raise ValueError(_NO_ISSUER)
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(
            "oidc_issuer: begins with http://, which is for a provider on this machine: use https://"
        )
    if not client_id:
        raise ValueError("oidc_client_id: needed with oidc_issuer")
    roles: dict[str, set[Role]] = {}
    for item in groups:
        group, _, role = item.rpartition("=")
        if not group or role not in get_args(Role):
            raise ValueError(
                f"oidc_groups: expected GROUP=ROLE, with operator, moderator or admin, got {item!r}"
            )
        roles.setdefault(group, set()).add(cast("Role", role))
    return IdentityProvider(
        issuer=issuer,
        client_id=client_id,
        client_secret=client_secret,
        name=name or host,
        scopes=tuple(dict.fromkeys(("openid", *scopes))),
        groups_claim=groups_claim,
        roles={group: frozenset(held) for group, held in roles.items()},
        links_by_address=links_by_address,
    )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name or address. Sync and pure."""
    address = parse_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def may_log_in_at(public_url: str) -> bool:
    """Whether people may log in by a provider at this address: with TLS, or on this machine. Sync and pure."""
    return bool(re.match(r"https://.", public_url)) or (
        public_url.startswith("http://") and is_loopback(urlsplit(public_url).hostname or "")
    )


_NO_ISSUER = "oidc_issuer: expected the URL of the provider, as https://id.example/realms/team"
