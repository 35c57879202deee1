"""An OpenID Connect provider's description of itself (Discovery 1.0), and how its answers are read."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chat.outbound.client import Answer, Outbound, RequestFailed

_MOST_BYTES = 262_144
_TIMEOUT = 10.0


class ProviderFailed(Exception):
    """The provider can't be reached, or its answer is not usable; the text says why, for the log and the doctor.

    `status` is that of the answer, where it is why.
    """

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class Description(msgspec.Struct, frozen=True):
    """What the provider says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    code_challenge_methods_supported: tuple[str, ...] = ()
    authorization_response_iss_parameter_supported: bool = False
    backchannel_logout_supported: bool = False


_ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
)


async def describe(issuer: str, outbound: Outbound) -> Description:
    """Ask the provider for its description. Raises ProviderFailed. Cancelling: nothing happened."""
    url = issuer.rstrip("/") + "/.well-known/openid-configuration"
    answer = await ask_provider(outbound, "GET", url)
    if answer.status != 200:
        raise ProviderFailed(f"{url} answers {answer.status}", answer.status)
    found: Description = decoded(answer, Description, url)
    if found.issuer != issuer:
        raise ProviderFailed(f"{url} is of {found.issuer!r}: set oidc_issuer to exactly this")
    begin = ("https://",) if issuer.startswith("https://") else ("https://", "http://")
    for name in _ENDPOINTS:
        if not str(getattr(found, name) or "https://").startswith(begin):
            raise ProviderFailed(f"its {name} does not begin with https://")
    methods = found.code_challenge_methods_supported
    if methods and "S256" not in methods:
        raise ProviderFailed("it has no PKCE with S256")
    return found


async def ask_provider(
    outbound: Outbound, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Answer:
    """Send a request. Raises ProviderFailed. Cancelling: it may have been carried out."""
    try:
        return await outbound.send(
            method, url, headers=headers, body=body, most_bytes=_MOST_BYTES, total_timeout=_TIMEOUT
        )
    except RequestFailed as error:
        raise ProviderFailed(str(error)) from error


def decoded(answer: Answer, shape: Any, what: str) -> Any:  # noqa: ANN401 - of that shape
    """Return the body of an answer. `what` names who gave it. Raises ProviderFailed. Sync and pure."""
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except (ValueError, RecursionError) as error:
        raise ProviderFailed(f"{what} answers with something else: {error}") from None
