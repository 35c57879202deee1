"""How a session begins and goes on: one HTTP call each."""

import h11
import msgspec
import trio

from chat.client.address import Address
from chat.client.errors import ChatEnded, Lost, Refused, SignedOut
from chat.client.http_call import Answer, call
from chat.client.requests import ErrorReply
from chat.client.values import Session

_MOST = 1 << 16
"""Bytes of an answer; a session is below 2 KiB."""


_TOO_BIG = (413, 414, 431)
"""Statuses of a body, an address and a head that are too long: a server may not come as far as to a code."""

_WRONG = (400, *_TOO_BIG)
"""Statuses of fields that nobody can have."""


class _Error(msgspec.Struct):
    error: str = ""
    code: str = ""
    field: str | None = None
    retry_ms: int | None = None


async def log_in(address: Address, login: str, password: str) -> Session:
    """Begin a session with a name or an e-mail address, and a password.

    Raises:
        Lost: there was no answer, or none for now.
        SignedOut: these are not good.
        Refused: nobody can have these: they are too long, or no text.
        ChatEnded: there is no such server.

    Cancelling: a session may have begun.
    """
    return await _begin(address, "login", {"login": login, "password": password})


async def refresh(address: Address, token: str) -> Session:
    """Go on with a session, whose refresh token is used up by it; raises as `log_in`.

    Cancelling: it may be used up, and is still good for half a minute.
    """
    return await _begin(address, "refresh", {"refresh": token})


async def register(address: Address, name: str, password: str, invite: str | None = None) -> Session:
    """Make an account, and begin its first session; raises as `log_in`, and Refused where the name can't be had.

    Cancelling: the account may have been made.
    """
    fields = {"name": name, "password": password} | ({} if invite is None else {"invite": invite})
    answer = await _call(address, "register", fields)
    error = error_of(answer)
    if 400 <= answer.status < 429 and error.code:
        raise Refused(error)
    return _session(answer)


def error_of(answer: Answer) -> ErrorReply:
    """Return the error of an answer as one of the socket is. Sync and pure."""
    try:
        error = msgspec.json.decode(answer.body, type=_Error)
    except msgspec.DecodeError:
        error = _Error()
    text = error.error or _status(answer)
    code = error.code or ("too_big" if answer.status in _TOO_BIG else "")
    return ErrorReply(code=code, text=text, field=error.field, retry_ms=error.retry_ms)


def _status(answer: Answer) -> str:
    return f"HTTP status {answer.status}"


def raise_if_for_now(status: int, error: ErrorReply) -> None:
    """Raise Lost for an error that may be gone a little later, with the seconds to wait if it says them. Sync."""
    if status >= 500 or status == 429:
        raise Lost(error.text, after=None if error.retry_ms is None else error.retry_ms / 1000)


async def _begin(address: Address, how: str, fields: dict[str, str]) -> Session:
    answer = await _call(address, how, fields)
    error = error_of(answer)
    # Without a code it is a proxy that says so, or our server of the name by which it was called: not of the session.
    if answer.status in (401, 403) and error.code:
        raise SignedOut(error.text)
    if answer.status in _WRONG and error.code:
        raise Refused(error)
    return _session(answer)


async def _call(address: Address, how: str, fields: dict[str, str]) -> Answer:
    try:
        return await call(address, "POST", f"/api/v1/auth/{how}", fields, most=_MOST)
    except Lost as lost:
        if isinstance(lost.__cause__, trio.BrokenResourceError | h11.RemoteProtocolError):
            raise Lost(f"{lost}{address.hint}") from lost.__cause__
        raise


def _session(answer: Answer) -> Session:
    if answer.status not in (200, 201):
        error = error_of(answer)
        raise_if_for_now(answer.status, error)
        is_told = error.text != _status(answer)
        why = (
            f"no session: {answer.status} {error.text}"
            if is_told
            else f"there is no chat server there: {error.text}"
        )
        raise ChatEnded(why) from Refused(error)
    try:
        return msgspec.json.decode(answer.body, type=Session)
    except msgspec.DecodeError as error:
        raise Lost(f"no session: {error}") from error
