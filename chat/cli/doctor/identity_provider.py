"""Checks of the identity provider: whether it describes itself as the settings say; nobody is logged in."""

from collections.abc import Iterator, Mapping
from typing import Any

import trio

from chat.cli.doctor.finding import Finding, fail, ok, warn
from chat.domain.identity_provider import IdentityProvider, may_log_in_at
from chat.outbound.client import open_outbound
from chat.outbound.openid import ProviderFailed, describe
from chat.settings.config import Config

_SUBJECT = "identity provider"


def check_identity_provider(config: Config, facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield findings about the provider, by the settings that admins have changed (`facts`)."""
    about = config.identity_provider()
    login = facts.get("login") or "both"
    if about is None:
        if login == "sso":
            yield fail(
                _SUBJECT,
                "login is sso without oidc_issuer, so nobody can log in: set it, or `chat setting set login both`",
            )
        return
    if login == "password":
        yield warn(_SUBJECT, "has no effect while login is password: `chat setting set login both`")
        return
    public_url = facts.get("public_url") or config.public_url
    if not may_log_in_at(public_url):
        yield fail(
            _SUBJECT,
            f"public_url is {public_url or 'not set'}: people are sent back there; `chat setting set public_url https://…`",
        )
        return
    hosts = tuple(facts.get("outbound_hosts") or ())
    try:
        what = trio.run(_described, about, hosts)
    except _Unusable as error:
        yield fail(_SUBJECT, f"{about.issuer}: {error}")
        return
    if login == "sso" and not facts.get("linked_admins"):
        yield warn(
            _SUBJECT,
            "login is sso, and no admin's account is linked: `chat setting set login both` until one is",
        )
    yield ok(_SUBJECT, f"{about.issuer} answers, {what}; it has to know {public_url}/oidc")


class _Unusable(Exception):
    pass


async def _described(about: IdentityProvider, hosts: tuple[str, ...]) -> str:
    async with open_outbound(lambda: hosts) as outbound:
        try:
            found = await describe(about.issuer, outbound)
        except ProviderFailed as error:
            raise _Unusable(str(error)) from None
    return (
        "and logs people out here" if found.backchannel_logout_supported else "without back-channel log-out"
    )
