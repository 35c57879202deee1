"""`open_chat`: a client that stays connected as long as a block lasts."""

import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import trio

from chat.client.address import parse_url
from chat.client.chat import Chat
from chat.client.credentials import Credentials, SessionStore
from chat.client.errors import ChatError
from chat.client.reconnecting import Connector
from chat.client.structs import Position
from chat.client.wire import Session

_CLOSE_TIMEOUT = 1.0
"""Seconds in which the server has to answer a close frame."""


@asynccontextmanager
async def open_chat(
    url: str,
    *,
    token: str | None = None,
    login: tuple[str, str] | None = None,
    ask_code: Callable[[], Awaitable[str]] | None = None,
    refresh_token: str | None = None,
    session_store: SessionStore | None = None,
    on_session: Callable[[Session], object] | None = None,
    positions: Mapping[int, Position] | None = None,
    max_cached_messages: int = 500,
    max_buffered_events: int = 1000,
    ssl_context: ssl.SSLContext | None = None,
    on_connect_failure: Callable[[str], object] | None = None,
) -> AsyncGenerator[Chat]:
    """Stay connected to a server as long as the block lasts. The block begins when `Chat.rooms` is complete.

    Give a token, a login, a refresh token or a session store.

    Args:
        url: the server, as `https://chat.example`.
        token: a token for programs, or an access token.
        login: name (or email address) and password: used without a token and without a session, and when it has ended.
        ask_code: returns a code of the person's second factor; called when a log-in needs one.
        refresh_token: of a session. It is used up: keep the one of each session that `on_session` is called with.
        session_store: keeps a session that several programs share.
        on_session: called with each new session before it is used.
        positions: `Chat.positions` of an earlier client: events continue there. By default they begin now.
        max_cached_messages: how many messages of each room are held in memory, the newest.
        max_buffered_events: how many events may wait for the program. If more come, all are dropped, and requested from
            the server again when the program takes the next event.
        ssl_context: decides which certificates are trusted; by default those that the system trusts.
        on_connect_failure: called with the reason of each failed attempt until the first connection.

    Raises:
        LoggedOut: the token or the session is not valid (any more). In the block: it is cancelled, then this is raised.
        Refused: login or token can be nobody's: too long, or with half of a surrogate pair. Likewise.
        CannotConnect: no later attempt can succeed. Likewise.
        ValueError: the arguments are wrong.

    Cancelling: as when the block ends, the connection is closed, within a second.
    """
    if token is None and refresh_token is None and session_store is None and login is None:
        raise ValueError("expected a token, a login, a refresh token or a session store")
    if refresh_token is not None and session_store is not None:
        raise ValueError("expected a refresh token or a session store, not both")
    credentials = Credentials(
        token=token,
        login=login,
        ask_code=ask_code,
        refresh_token=refresh_token,
        session_store=session_store,
        on_session=on_session,
    )
    connector = Connector(
        parse_url(url, ssl_context),
        credentials,
        positions or {},
        max_cached_messages,
        max_buffered_events,
        on_connect_failure,
    )
    async with run_connector(connector) as chat:
        yield chat


@asynccontextmanager
async def run_connector(connector: Connector) -> AsyncGenerator[Chat]:
    """Run a connector as long as the block lasts; raises and cancels as `open_chat`."""
    ended: list[ChatError] = []
    # Shielded: a cancelled program leaves as one whose block has ended, with a close frame, else the server and its
    # operator see a lost connection. Leaving the block sets the deadline.
    connected = trio.CancelScope(shield=True)
    raised: BaseException | None = None

    async def stay_connected() -> None:
        try:
            with connected:
                await connector.run()
        except ChatError as error:
            ended.append(error)
            nursery.cancel_scope.cancel(reason=str(error))

    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stay_connected)
            try:
                await connector.ready.wait()
                yield Chat(connector)
            finally:
                connected.deadline = trio.current_time() + (_CLOSE_TIMEOUT if connector.leave() else 0)
    except BaseExceptionGroup as group:
        if len(group.exceptions) > 1:
            raise
        raised = group.exceptions[0]  # the exception of the block
    # Raised here: in the except clause it would get the group as its context.
    if raised is not None:
        raise raised
    if ended:
        raise ended[0]
