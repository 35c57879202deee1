"""The client's connection for as long as a block lasts: `open_chat`."""

import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

import trio

from chat.client.address import parse_url
from chat.client.chat import Chat
from chat.client.credentials import Credentials, SharedSession
from chat.client.errors import ChatError
from chat.client.reconnecting import Connector
from chat.client.values import Position, Session


@asynccontextmanager
async def open_chat(
    url: str,
    *,
    token: str | None = None,
    refresh: str | SharedSession | None = None,
    login: tuple[str, str] | None = None,
    on_session: Callable[[Session], object] | None = None,
    positions: Mapping[int, Position] | None = None,
    keep: int = 500,
    places: int = 1000,
    tls: ssl.SSLContext | None = None,
    on_failure: Callable[[str], object] | None = None,
) -> AsyncGenerator[Chat]:
    """Be connected to a server for as long as the block lasts; the block begins when all rooms are known.

    Args:
        url: where the server is, as `https://chat.example`.
        token: a token for programs, or an access token.
        refresh: the refresh token of a session, which is used up: keep the one that `on_session` is given. Or a session
            that other programs use too, which is asked for its newest token each time.
        login: name and password, where there is no token, and to log in again where a session has ended.
        on_session: called with each new session, before it is used.
        positions: `Chat.positions` of before: events go on from there. Without, they begin now.
        keep: how many messages of each room are held.
        places: how many events may wait for the program, before it is told them again from the server.
        tls: which certificates are trusted; by default those that the system trusts.
        on_failure: called with why each time that no connection comes about, until there is a first one.

    Raises:
        SignedOut: the token or the session is not good (any more). Also out of the block, which is then cancelled.
        Refused: name, password or token are too long, or no text. Likewise.
        ChatEnded: there is no such server, its certificate is not trusted, or it refuses this client. Likewise.
        ValueError: the arguments are wrong.

    Cancelling: the connection is dropped.
    """
    if token is None and refresh is None and login is None:
        raise ValueError("expected a token, a refresh token or a login")
    credentials = Credentials(token, refresh, login, on_session)
    connector = Connector(parse_url(url, tls), credentials, positions or {}, keep, places, on_failure)
    async with keep_open(connector) as chat:
        yield chat


@asynccontextmanager
async def keep_open(connector: Connector) -> AsyncGenerator[Chat]:
    """Run a connector for as long as the block lasts; raises and cancels as `open_chat`."""
    ended: list[ChatError] = []
    raised: BaseException | None = None

    async def stay_connected() -> None:
        try:
            await connector.run()
        except ChatError as error:
            ended.append(error)
            nursery.cancel_scope.cancel(reason=str(error))

    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stay_connected)
            await connector.up.wait()
            yield Chat(connector)
            nursery.cancel_scope.cancel(reason="the block was left")
    except BaseExceptionGroup as group:
        if len(group.exceptions) > 1:
            raise
        raised = group.exceptions[0]  # the block's own
    # Raised here and not above, where it would get the group for its context.
    if raised is not None:
        raise raised
    if ended:
        raise ended[0]
