"""Access tokens of a client: a fixed one, or those of a session that is refreshed before they expire."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import trio

from chat.client.address import Address
from chat.client.errors import ChatError, ConnectionFailed, LoggedOut
from chat.client.sessions import log_in, refresh
from chat.client.wire import Session

_RENEW_EARLY = 60.0
"""Seconds before it expires an access token is renewed; a tenth of its lifetime if that is less."""


_REFRESH_TIMEOUT = 15.0
"""Seconds for a refresh; its HTTP call ends after ten."""

_CANCEL_GRACE = 1.0
"""Seconds that a cancelled task still waits for the answer to its refresh."""


class SessionStore(Protocol):
    """Keeps a session that several programs share: one of them at a time refreshes it, with its newest token."""

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Lock out all other programs as long as the block lasts. Cancelling: it is not locked."""

    def load(self) -> str | None:
        """Return the newest refresh token; None if the session has ended. Sync."""

    def save(self, session: Session) -> None:
        """Store a session that was just refreshed. Sync."""


class Credentials:
    """Provides access tokens.

    Args:
        token: an access token, or one for programs.
        login: name and password: used without a token and without a session, and when the session has ended.
        refresh_token: the refresh token of a session.
        ask_code: returns a code of the person's second factor, for a log-in that needs one.
        session_store: where the refresh token of a shared session is.
        on_session: called with each new session before it is used, to store its refresh token.
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        login: tuple[str, str] | None = None,
        ask_code: Callable[[], Awaitable[str]] | None = None,
        refresh_token: str | None = None,
        session_store: SessionStore | None = None,
        on_session: Callable[[Session], object] | None = None,
    ) -> None:
        self._access = token
        self._login = login
        self._ask_code = ask_code
        self._refresh_token = refresh_token
        self._store = session_store
        self._on_session = on_session
        self._renewing = trio.Lock()
        self._renewals = 0  # sessions begun or refreshed so far
        self.renew_at = float("inf")
        """When to renew the access token, on Trio's clock."""

    async def access(self, address: Address) -> str:
        """Return an access token that is valid for a while; get one first if there is none.

        Raises:
            ConnectionFailed: the server did not answer.
            LoggedOut: no valid token can be had.
            Refused: the login or the token can be nobody's, as a name of a megabyte.

        Cancelling: an answer that arrives within a second is kept. After that the server may have refreshed the
            session, and the same refresh token works for half a minute more.
        """
        while self._access is None or trio.current_time() >= self.renew_at:
            await self.renew(address)  # the new token may be discarded before this task runs on
        return self._access

    async def renew(self, address: Address) -> None:
        """Get a new access token; concurrent callers share one call. Raises and cancels as `access`."""
        renewals = self._renewals
        if self._store is not None:
            async with self._store.lock():
                if self._renewals != renewals:
                    return None  # another task renewed it meanwhile
                if (token := self._store.load()) is None:
                    raise LoggedOut("the session has ended")
                return await self._refresh_session(address, token, self._store.save)
        async with self._renewing:
            if self._renewals != renewals:
                return None
            if self._refresh_token is not None:
                try:
                    return await self._refresh_session(address, self._refresh_token, self._store_session)
                except LoggedOut:
                    self._refresh_token = None
            if self._login is None:
                raise LoggedOut("the session has ended, or the token is not valid")
            session = await self._log_in(address, *self._login)
            self._store_session(session)
            return self._use(session)

    async def _log_in(self, address: Address, login: str, password: str) -> Session:
        try:
            return await log_in(address, login, password)
        except LoggedOut as refused:
            if refused.reason != "code_needed" or self._ask_code is None:
                raise
        return await log_in(address, login, password, code=await self._ask_code())

    def discard(self, *, with_session: bool) -> None:
        """Forget the access token, which the server refused; and the session, if it has ended. Sync."""
        self._access = None
        self.renew_at = float("inf")
        if with_session:
            self._refresh_token = None  # a store may have a new one by now

    async def _refresh_session(self, address: Address, token: str, store: Callable[[Session], None]) -> None:
        session: Session | None = None
        failed: ChatError = ConnectionFailed("no answer to a refresh")

        async def limit_after_cancel() -> None:
            try:
                await trio.sleep_forever()
            finally:
                scope.deadline = min(scope.deadline, trio.current_time() + _CANCEL_GRACE)

        try:
            async with trio.open_nursery() as nursery:
                # Without the shield a cancellation may lose the answer. The stored token is then used up, and the
                # session ends half a minute later.
                with trio.move_on_after(_REFRESH_TIMEOUT, shield=True) as scope:
                    nursery.start_soon(limit_after_cancel)
                    try:
                        session = await refresh(address, token)
                    except ChatError as error:
                        failed = error
                nursery.cancel_scope.cancel(reason="the refresh has ended")
        finally:
            if session is not None:
                store(session)
                self._use(session)
        if session is None:
            raise failed

    def _store_session(self, session: Session) -> None:
        # Stored before it is used: its first use makes the previous refresh token invalid.
        self._refresh_token = session.refresh or self._refresh_token
        if self._on_session is not None:
            self._on_session(session)

    def _use(self, session: Session) -> None:
        self._renewals += 1
        self._access = session.access
        self.renew_at = trio.current_time() + session.expires_in - min(_RENEW_EARLY, session.expires_in / 10)
