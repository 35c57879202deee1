"""The identity provider over HTTP: its description, its keys, and the exchange of a code for tokens."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

import msgspec
import structlog
import trio

from chat.domain.addresses import address_key
from chat.domain.features import Port, Ports
from chat.domain.identity_provider import IdentityProvider
from chat.domain.limits.buckets import Buckets
from chat.features.oidc.tokens import BadToken, UnknownKey, verified_claims
from chat.outbound.client import Answer, Outbound
from chat.outbound.openid import Description, ProviderFailed, ask_provider, decoded, describe

_KNOWN = 3600.0
"""Seconds for which the description and the keys are kept."""

_FAILED = 5.0
"""Seconds after a failure in which the provider is not asked again."""

_KEYS_EVERY = 30.0
"""Seconds between two looks for a new key: tokens with made-up keys cause no more requests."""

_PER_MINUTE = 30
"""Answers of the provider that one network address brings in a minute; loopback is spared."""

_LOG_OUTS_PER_MINUTE = 300
"""Log-outs that one network address sends in a minute: the provider sends one for each session. Loopback is spared."""

logger = structlog.get_logger(__name__)


class _Keys(msgspec.Struct, frozen=True):
    keys: tuple[dict[str, Any], ...]


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str | None = None


class Tokens(msgspec.Struct, frozen=True):
    """The verified claims of an ID token, the token itself, and an access token for the provider's userinfo."""

    claims: dict[str, Any]
    id_token: str
    access_token: str | None


class Provider:
    """Asks the provider, and keeps its description and keys. One for each server.

    Every async method raises ProviderFailed. Cancelling: the provider may have used the code up.
    """

    def __init__(self, _ports: Ports) -> None:
        self.clock = trio.current_time
        """Returns seconds; tests let time pass."""
        self._budget = Buckets(_PER_MINUTE / 60, _PER_MINUTE, clock=trio.current_time)
        self._log_outs = Buckets(_LOG_OUTS_PER_MINUTE / 60, _LOG_OUTS_PER_MINUTE, clock=trio.current_time)
        self._asking = trio.Lock()
        self._asking_keys = trio.Lock()  # its own: log-ins begin while the keys are waited for
        self._description: tuple[float, Description] | None = None
        self._keys: tuple[float, _Keys] | None = None
        self._failed: tuple[float, str, int | None] | None = None
        self._keys_failed: tuple[float, str, int | None] | None = None

    def take(self, address: str) -> float:
        """Use one of an address's answers; returns 0, or the seconds until it may bring another one. Sync."""
        return _taken(self._budget, address)

    def take_log_out(self, address: str) -> float:
        """Use one of an address's log-outs; returns as `take` does. Sync."""
        return _taken(self._log_outs, address)

    async def description(self, about: IdentityProvider, outbound: Outbound) -> Description:
        """Return what the provider says of itself."""
        async with self._asking:
            if self._description is not None and self._description[0] + _KNOWN > self.clock():
                return self._description[1]
            if self._failed is not None and self._failed[0] + _FAILED > self.clock():
                raise ProviderFailed(*self._failed[1:])
            try:
                found = await describe(about.issuer, outbound)
            except ProviderFailed as error:
                self._failed = self.clock(), str(error), error.status
                logger.warning("the identity provider can't be used", issuer=about.issuer, error=str(error))
                raise
            self._description = self.clock(), found
            return found

    async def exchange(
        self, about: IdentityProvider, outbound: Outbound, code: str, verifier: str, redirect_uri: str
    ) -> Tokens:
        """Exchange a code for tokens. Raises BadToken too."""
        description = await self.description(about, outbound)
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if about.client_secret is None:
            fields["client_id"] = about.client_id
        elif "client_secret_basic" in description.token_endpoint_auth_methods_supported:
            pair = f"{quote_plus(about.client_id)}:{quote_plus(about.client_secret)}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            fields |= {"client_id": about.client_id, "client_secret": about.client_secret}
        answer = await ask_provider(
            outbound, "POST", description.token_endpoint, headers, urlencode(fields).encode()
        )
        if answer.status != 200:
            raise ProviderFailed(
                f"the token endpoint answers {answer.status}: {_problem(answer)}", answer.status
            )
        found = decoded(answer, _Tokens, "the token endpoint")
        return Tokens(await self.claims(about, outbound, found.id_token), found.id_token, found.access_token)

    async def claims(self, about: IdentityProvider, outbound: Outbound, token: str) -> dict[str, Any]:
        """Return the claims of a token that the provider has signed. Raises BadToken too.

        A key that is not known is looked for once.
        """
        description = await self.description(about, outbound)
        keys = await self._current_keys(description, outbound, 0.0)
        try:
            return verified_claims(token, keys)
        except UnknownKey:
            newer = await self._current_keys(description, outbound, _KNOWN - _KEYS_EVERY)
            if newer is keys:
                raise
            return verified_claims(token, newer)

    async def _current_keys(
        self, description: Description, outbound: Outbound, ahead: float
    ) -> tuple[dict[str, Any], ...]:
        """Return the keys, asked for again if they are as old as `_KNOWN` less `ahead`, in seconds."""
        async with self._asking_keys:
            if self._keys is not None and self._keys[0] + _KNOWN - ahead > self.clock():
                return self._keys[1].keys
            if self._keys_failed is not None and self._keys_failed[0] + _FAILED > self.clock():
                raise ProviderFailed(*self._keys_failed[1:])
            try:
                answer = await ask_provider(outbound, "GET", description.jwks_uri)
                if answer.status != 200:
                    raise ProviderFailed(f"jwks_uri answers {answer.status}", answer.status)
                found: _Keys = decoded(answer, _Keys, "jwks_uri")
            except ProviderFailed as error:
                self._keys_failed = self.clock(), str(error), error.status
                logger.warning("the identity provider's keys can't be read", error=str(error))
                raise
            self._keys = self.clock(), found
            return found.keys

    async def userinfo(
        self, about: IdentityProvider, outbound: Outbound, tokens: Tokens
    ) -> Mapping[str, Any]:
        """Return the claims of the ID token, and those that only userinfo has. Raises BadToken too."""
        description = await self.description(about, outbound)
        if description.userinfo_endpoint is None or tokens.access_token is None:
            return tokens.claims
        headers = {"Authorization": f"Bearer {tokens.access_token}", "Accept": "application/json"}
        answer = await ask_provider(outbound, "GET", description.userinfo_endpoint, headers)
        if answer.status != 200:
            raise ProviderFailed(f"userinfo answers {answer.status}: {_problem(answer)}", answer.status)
        found = decoded(answer, dict[str, Any], "userinfo")
        if found.get("sub") != tokens.claims["sub"]:
            raise BadToken("userinfo is of somebody else")
        return {**found, **tokens.claims}


PROVIDER: Port[Provider] = Port("identity provider")


def _taken(budget: Buckets, address: str) -> float:
    key = address_key(address)
    return 0.0 if key is None else budget.take([key])


def _problem(answer: Answer) -> str:
    """Return the error of an OAuth endpoint, as a short word."""
    try:
        found = msgspec.json.decode(answer.body, type=dict[str, Any])
    except (ValueError, RecursionError):
        return "no JSON"
    return str(found.get("error", "no error"))[:60]
