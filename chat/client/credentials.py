"""Who a client is: a token, or a session that is kept alive by refreshing it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import trio

from chat.client.address import Address
from chat.client.errors import ChatError, Lost, SignedOut
from chat.client.sessions import log_in, refresh
from chat.client.values import Session

_EARLY = 60.0
"""Seconds before its end an access token is renewed; a tenth of its time where that is less."""


_REFRESH = 15.0
"""Seconds for a refresh, which has ten for its call."""

_GRACE = 1.0
"""Seconds that the answer to a refresh is waited for by who is cancelled meanwhile."""


class SharedSession(Protocol):
    """A session that several programs go on with: one of them at a time refreshes it, with the newest token."""

    def hold(self) -> AbstractAsyncContextManager[None]:
        """Let nobody else refresh it for as long as the block lasts. Cancelling: it is not held."""

    def load(self) -> str | None:
        """Return the newest refresh token; None: there is no session any more. Sync."""

    def save(self, session: Session) -> None:
        """Keep a session that has just been refreshed. Sync."""


class Credentials:
    """Gets access tokens.

    Args:
        token: an access token, or one for programs, that is used as it is.
        refreshing: the refresh token of a session, which is used up; or a session that is kept elsewhere.
        login: name and password, where there is neither, or where the session has ended.
        on_session: called with each new session before it is used: the refresh token in it is the one to keep.
    """

    def __init__(
        self,
        token: str | None,
        refreshing: str | SharedSession | None,
        login: tuple[str, str] | None,
        on_session: Callable[[Session], object] | None,
    ) -> None:
        self._access = token
        self._shared = None if isinstance(refreshing, str) else refreshing
        self._refresh = refreshing if isinstance(refreshing, str) else None
        self._login = login
        self._on_session = on_session
        self._renewing = trio.Lock()
        self._renewals = 0  # sessions that were begun or refreshed
        self.renew_at = float("inf")
        """When the access token is to be renewed, on Trio's clock."""

    async def access(self, address: Address) -> str:
        """Return an access token that is good for a while; get one where there is none.

        Raises:
            Lost: there was no answer.
            SignedOut: there is no way to get one.
            Refused: nobody can have what it would be asked for with.

        Cancelling: an answer that comes within a second is kept. Else the session may be refreshed without it, and has
        to be refreshed again with the same token within half a minute.
        """
        while self._access is None or trio.current_time() >= self.renew_at:
            await self.renew(address)  # it may be refused before this task goes on
        return self._access

    async def renew(self, address: Address) -> None:
        """Get a new access token, once for all who wait for one; raises and cancels as `access`."""
        renewals = self._renewals
        if self._shared is not None:
            async with self._shared.hold():
                if self._renewals != renewals:
                    return None  # another task has, meanwhile
                if (token := self._shared.load()) is None:
                    raise SignedOut("the session has ended")
                return await self._go_on(address, token, self._shared.save)
        async with self._renewing:
            if self._renewals != renewals:
                return None
            if self._refresh is not None:
                try:
                    return await self._go_on(address, self._refresh, self._keep)
                except SignedOut:
                    self._refresh = None  # the session has ended
            if self._login is None:
                raise SignedOut("the session has ended, or the token is not good")
            session = await log_in(address, *self._login)
            self._keep(session)
            return self._take(session)

    def refused(self, *, is_over: bool) -> None:
        """The access token is not good any more; with `is_over` neither is the session. Sync."""
        self._access = None
        self.renew_at = float("inf")
        if is_over:
            self._refresh = None  # a shared one may be another by now

    async def _go_on(self, address: Address, token: str, keep: Callable[[Session], None]) -> None:
        """Refresh a session, and keep it."""
        session: Session | None = None
        failed: ChatError = Lost("no answer to a refresh")

        async def give_it_a_moment() -> None:
            try:
                await trio.sleep_forever()
            finally:
                scope.deadline = min(scope.deadline, trio.current_time() + _GRACE)

        try:
            async with trio.open_nursery() as nursery:
                # Without the shield the answer may be lost to who ends just now, and half a minute later so is the
                # session: the token that is kept was used up by then.
                with trio.move_on_after(_REFRESH, shield=True) as scope:
                    nursery.start_soon(give_it_a_moment)
                    try:
                        session = await refresh(address, token)
                    except ChatError as error:
                        failed = error
                nursery.cancel_scope.cancel(reason="it is answered, or late")
        finally:
            if session is not None:
                keep(session)
                self._take(session)
        if session is None:
            raise failed

    def _keep(self, session: Session) -> None:
        # Kept before it is used: with its first use the refresh token before it is worth nothing.
        self._refresh = session.refresh or self._refresh
        if self._on_session is not None:
            self._on_session(session)

    def _take(self, session: Session) -> None:
        self._renewals += 1
        self._access = session.access
        self.renew_at = trio.current_time() + session.expires_in - min(_EARLY, session.expires_in / 10)
