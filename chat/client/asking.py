"""What is asked over HTTP beside the socket, until it is answered."""

from collections.abc import Callable
from typing import TypeVar

import msgspec
import trio

from chat.client.address import Address
from chat.client.credentials import Credentials
from chat.client.endings import Backoff
from chat.client.errors import Lost, Refused
from chat.client.http_call import call
from chat.client.sessions import error_of

_T = TypeVar("_T")

_EXPIRED = 401


async def ask(
    address: Address, credentials: Credentials, path: str, kind: type[_T], chance: Callable[[], float]
) -> _T:
    """Return the answer to a GET, asked again after a while where there is none for now.

    Args:
        path: with its query.
        kind: what the answer is.
        chance: a random number from 0 to 1, by which clients differ in how long they wait.

    Raises:
        Refused: the server says no.
        SignedOut, ChatEnded: there is no token that is good, and none to be had.

    Cancelling: nothing happens.
    """
    backoff, is_renewed = Backoff(chance), False
    while True:
        try:
            answer = await call(address, "GET", path, token=await credentials.access(address))
            if answer.status == 200:
                return msgspec.json.decode(answer.body, type=kind)
            error = error_of(answer)
            if answer.status == _EXPIRED and not is_renewed:
                credentials.refused(is_over=False)
                is_renewed = True
                continue
            if answer.status != 429 and answer.status < 500:
                raise Refused(error)
            wait = None if error.retry_ms is None else error.retry_ms / 1000
        except (Lost, msgspec.DecodeError) as error:
            wait = error.after if isinstance(error, Lost) else None
        await trio.sleep(backoff.next() if wait is None else wait)
