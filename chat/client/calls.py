"""What is asked over HTTP beside the socket: whom one blocks."""

import random
from urllib.parse import quote

import msgspec
import trio

from chat.client.address import Address
from chat.client.credentials import Credentials
from chat.client.endings import Backoff
from chat.client.errors import Lost, Refused
from chat.client.http_call import Answer, call
from chat.client.requests import ErrorReply
from chat.client.values import Person, Value

_BLOCKS = "/api/v1/me/blocks"


class _Page(Value, kw_only=True, frozen=True):
    people: tuple[Person, ...] = ()
    next: str | None = None


class _Error(msgspec.Struct):
    error: str = ""
    code: str = ""
    retry_ms: int | None = None
    field: str | None = None


class Calls:
    """Makes calls, each until it is answered: all of them may be repeated.

    Every method raises Refused, SignedOut and ChatEnded. Cancelling: it may be done or not.
    """

    def __init__(self, address: Address, credentials: Credentials) -> None:
        self._address = address
        self._credentials = credentials

    async def blocks(self) -> list[Person]:
        """Return whom one blocks, by name."""
        people: list[Person] = []
        query = "limit=100"
        while True:
            page = msgspec.json.decode((await self._ask("GET", f"{_BLOCKS}?{query}")).body, type=_Page)
            people += page.people
            if page.next is None:
                return people
            query = f"limit=100&after={quote(page.next)}"

    async def block(self, person: int) -> None:
        """Take no direct messages from a person."""
        await self._ask("PUT", f"{_BLOCKS}/{person}")

    async def unblock(self, person: int) -> None:
        """Take direct messages from a person again."""
        await self._ask("DELETE", f"{_BLOCKS}/{person}")

    async def _ask(self, method: str, path: str) -> Answer:
        backoff = Backoff(random.random)
        while True:
            wait: float | None = None
            try:
                token = await self._credentials.access(self._address)
                answer = await call(self._address, method, path, token=token)
            except Lost as lost:
                wait = lost.after
            else:
                if answer.status < 300:
                    return answer
                error = _error(answer)
                if answer.status == 401:
                    self._credentials.refused(is_over=False)
                elif answer.status < 500 and answer.status != 429:
                    raise Refused(ErrorReply(code=error.code, text=error.error, field=error.field))
                if error.retry_ms is not None:
                    wait = error.retry_ms / 1000
            await trio.sleep(backoff.next() if wait is None else wait)


def _error(answer: Answer) -> _Error:
    try:
        return msgspec.json.decode(answer.body, type=_Error)
    except msgspec.DecodeError:
        return _Error()
