"""Begin and refresh sessions: one HTTP call each."""

import h11
import msgspec
import trio

from chat.client.address import Address
from chat.client.errors import CannotConnect, ConnectionFailed, LoggedOut, Refused
from chat.client.http_call import HttpResponse, call
from chat.client.wire import ErrorReply, Session

_BANNED_WAIT = 60.0
"""Seconds until a client in a banned network tries again."""

_MAX_BODY = 1 << 16
"""Bytes of a response body; a session is below 2 KiB."""


_TOO_BIG = (413, 414, 431)
"""Statuses for a body, a path and headers that are too long: a server may reply so without a code."""

_INVALID = (400, *_TOO_BIG)
"""Statuses for a login, password or token that can be nobody's."""


class _Error(msgspec.Struct):
    error: str = ""
    code: str = ""
    reason: str | None = None
    field: str | None = None
    retry_ms: int | None = None


async def log_in(address: Address, login: str, password: str, *, code: str | None = None) -> Session:
    """Begin a session.

    Args:
        address: the server, from `parse_url`.
        login: the name or the email address of the person.
        password: of the person.
        code: of their second factor, if they have one.

    Raises:
        ConnectionFailed: there is no answer, or a temporary refusal.
        LoggedOut: login or password is wrong; or, with the reason `code_needed` or `wrong_code`, the code.
        Refused: they can be nobody's: too long, or with half of a surrogate pair.
        CannotConnect: no chat server is there.

    Cancelling: a session may have begun.
    """
    fields = {"login": login, "password": password} | ({} if code is None else {"code": code})
    return await _begin(address, "login", fields)


async def refresh(address: Address, token: str) -> Session:
    """Refresh a session, which uses up its refresh token; raises as `log_in`.

    Cancelling: the token may be used up; it then works for half a minute more.
    """
    return await _begin(address, "refresh", {"refresh": token})


async def register(address: Address, name: str, password: str, invite: str | None = None) -> Session:
    """Create an account and begin its first session.

    Args:
        address: the server, from `parse_url`.
        name: of the new person.
        password: of the new person.
        invite: the code of an invite, where registration is by invite.

    Raises:
        Refused: as when the name is taken or the password too short.
        ConnectionFailed, CannotConnect: as `log_in`.

    Cancelling: the account may be created.
    """
    fields = {"name": name, "password": password} | ({} if invite is None else {"invite": invite})
    response = await _call(address, "register", fields)
    error = error_of(response)
    if 400 <= response.status < 429 and error.code:
        raise Refused(error)
    return _session(response)


def error_of(response: HttpResponse) -> ErrorReply:
    """Return the error of a response in the form that the socket has. Sync and pure."""
    try:
        error = msgspec.json.decode(response.body, type=_Error)
    except msgspec.DecodeError:
        error = _Error()
    text = error.error or _status(response)
    code = error.code or ("too_big" if response.status in _TOO_BIG else "")
    return ErrorReply(code=code, text=text, reason=error.reason, field=error.field, retry_ms=error.retry_ms)


def _status(response: HttpResponse) -> str:
    return f"HTTP status {response.status}"


def raise_if_temporary(status: int, error: ErrorReply) -> None:
    """Raise ConnectionFailed for an error that may be gone a little later. Sync.

    A refusal that says how many there may be, and not how long to wait, is for good.
    """
    is_for_good = error.code == "too_many" and error.retry_ms is None
    if status >= 500 or (status == 429 and not is_for_good):
        raise ConnectionFailed(
            error.text, retry_after=None if error.retry_ms is None else error.retry_ms / 1000
        )


async def _begin(address: Address, how: str, fields: dict[str, str]) -> Session:
    response = await _call(address, how, fields)
    error = error_of(response)
    if (error.reason or "").startswith("address_banned"):  # the session goes on in another network
        raise ConnectionFailed(error.text, retry_after=_BANNED_WAIT)
    # Without a code the refusal does not concern the session: a proxy's, or the server's for an unknown Host.
    if response.status in (401, 403) and error.code:
        raise LoggedOut(error.text, error.reason)
    if response.status in _INVALID and error.code:
        raise Refused(error)
    return _session(response)


async def _call(address: Address, how: str, fields: dict[str, str]) -> HttpResponse:
    try:
        return await call(address, "POST", f"/api/v1/auth/{how}", fields, max_body=_MAX_BODY)
    except ConnectionFailed as failed:
        if isinstance(failed.__cause__, trio.BrokenResourceError | h11.RemoteProtocolError):
            raise ConnectionFailed(f"{failed}{address.hint}") from failed.__cause__
        raise


def _session(response: HttpResponse) -> Session:
    if response.status not in (200, 201):
        error = error_of(response)
        raise_if_temporary(response.status, error)
        is_of_a_chat_server = error.text != _status(response)
        reason = (
            f"no session: {response.status} {error.text}"
            if is_of_a_chat_server
            else f"there is no chat server there: {error.text}"
        )
        raise CannotConnect(reason) from Refused(error)
    try:
        return msgspec.json.decode(response.body, type=Session)
    except msgspec.DecodeError as error:
        raise ConnectionFailed(f"no session: {error}") from error
