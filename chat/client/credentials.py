"""Who a client is: a token, or a session that is kept alive by refreshing it."""

from collections.abc import Callable

import msgspec
import trio

from chat.client.address import Address
from chat.client.errors import ChatEnded, Lost, Refused, SignedOut
from chat.client.http_call import Answer, post
from chat.client.requests import ErrorReply
from chat.client.values import Session

_EARLY = 60.0
"""Seconds before its end an access token is renewed; a tenth of its time where that is less."""


class _Error(msgspec.Struct):
    error: str = ""
    code: str = ""
    retry_ms: int | None = None


class Credentials:
    """Gets access tokens.

    Args:
        token: an access token, or one for programs, that is used as it is.
        refresh: the refresh token of a session; it is used up.
        login: name and password, where there is neither, or where the session has ended.
        on_session: called with each new session before it is used: the refresh token in it is the one to keep.
    """

    def __init__(
        self,
        token: str | None,
        refresh: str | None,
        login: tuple[str, str] | None,
        on_session: Callable[[Session], object] | None,
    ) -> None:
        self._access = token
        self._refresh = refresh
        self._login = login
        self._on_session = on_session
        self.renew_at = float("inf")
        """When the access token is to be renewed, on Trio's clock."""

    async def access(self, address: Address) -> str:
        """Return an access token that is good for a while; get one where there is none.

        Raises:
            Lost: there was no answer.
            SignedOut: there is no way to get one.

        Cancelling: the session may be refreshed, and is then refreshed again with the same token.
        """
        if self._access is None or trio.current_time() >= self.renew_at:
            await self.renew(address)
        assert self._access is not None
        return self._access

    async def renew(self, address: Address) -> None:
        """Get a new access token; raises and cancels as `access`."""
        if self._refresh is not None:
            answer = await post(address, "/api/v1/auth/refresh", {"refresh": self._refresh})
            if answer.status in (401, 403):
                self._refresh = None  # the session has ended
            else:
                return self._keep(answer)
        if self._login is None:
            raise SignedOut("the session has ended, or the token is not good")
        name, password = self._login
        answer = await post(address, "/api/v1/auth/login", {"login": name, "password": password})
        if answer.status in (401, 403):
            raise SignedOut(_error(answer).error or "wrong name or password")
        return self._keep(answer)

    def refused(self, *, is_over: bool) -> None:
        """The access token is not good any more; with `is_over` neither is the session. Sync."""
        self._access = None
        self.renew_at = float("inf")
        if is_over:
            self._refresh = None

    def _keep(self, answer: Answer) -> None:
        if answer.status not in (200, 201):
            error = _error(answer)
            if answer.status >= 500 or answer.status == 429:
                after = None if error.retry_ms is None else error.retry_ms / 1000
                raise Lost(f"no session: {error.error or answer.status}", after=after)
            refused = Refused(ErrorReply(code=error.code, text=error.error))
            raise ChatEnded(f"no session: {answer.status} {error.error}") from refused
        try:
            session = msgspec.json.decode(answer.body, type=Session)
        except msgspec.DecodeError as error:
            raise Lost(f"no session: {error}") from error
        # Kept before it is used: with its first use the refresh token before it is worth nothing.
        self._refresh = session.refresh or self._refresh
        if self._on_session is not None:
            self._on_session(session)
        self._access = session.access
        self.renew_at = trio.current_time() + session.expires_in - min(_EARLY, session.expires_in / 10)


def _error(answer: Answer) -> _Error:
    try:
        return msgspec.json.decode(answer.body, type=_Error)
    except msgspec.DecodeError:
        return _Error()
