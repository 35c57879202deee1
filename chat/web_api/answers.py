"""Answers: a status and a JSON body, and the default form of errors."""

import math
from collections.abc import Callable
from http import HTTPStatus

import msgspec
from quart import Response, current_app, has_app_context, has_request_context, request

from chat.domain.messages.outcomes import AssigneeMismatch, KeyUsed
from chat.domain.refusals import Code, Refusal

STATUS = {
    Code.MALFORMED: 400,
    Code.INVALID: 400,
    Code.UNKNOWN_TYPE: 400,
    Code.UNAUTHENTICATED: 401,
    Code.EXPIRED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.TAKEN: 409,
    Code.CONFLICT: 409,
    Code.GONE: 410,
    Code.TOO_BIG: 413,
    Code.TOO_MANY: 429,
    Code.UNAVAILABLE: 503,
    Code.OUTCOME_UNKNOWN: 503,
    Code.INTERNAL: 500,
}

_CODES = {status: code for code, status in reversed(STATUS.items())} | {
    HTTPStatus.METHOD_NOT_ALLOWED: Code.UNKNOWN_TYPE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Code.MALFORMED,
}
"""The first code of each status, for errors with only a status."""

WITH_CODES = "/api/v1"
"""Errors at and below this path have a code; those of the five older protocols do not."""


_APPEALABLE = ("account_disabled", "address_banned", "address_banned_until")
"""Reasons of refusals that say where people appeal."""

APPEAL = "APPEAL"
"""The app's configuration has a function here that returns that address; empty: there is none."""


class ErrorBody(msgspec.Struct):
    """An error, as a sentence."""

    error: str


class Holder(msgspec.Struct):
    """The person who has the requested conversation."""

    id: int
    name: str


class Error(msgspec.Struct, omit_defaults=True, kw_only=True):
    """An error: a sentence, a code for programs, the field that it concerns, and when to retry (milliseconds).

    `room` and `seq` name the message that was sent with the key before, `holder` the operator who has the conversation.
    `text` repeats `error` under the name that the socket uses. `reason` is the stable key of the text. `appeal` is
    where people appeal, a page or a mail address, if the server has one.
    """

    error: str
    text: str
    code: Code
    reason: str | None = None
    field: str | None = None
    retry_ms: int | None = None
    room: int | None = None
    seq: int | None = None
    holder: Holder | None = None
    appeal: str | None = None


class TokenBody(msgspec.Struct):
    """The access token, for the socket and for `Authorization`."""

    token: str


def answer(body: object, status: int = 200) -> Response:
    """Return `body`, encoded as JSON."""
    return Response(msgspec.json.encode(body), status, content_type="application/json")


def refuse(refusal: Refusal) -> Response:
    """Return a refusal as an error with its status."""
    response = _error(STATUS[refusal.code], refusal)
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(refusal.retry_after))
    return response


def error(status: int, text: str, *, field: str | None = None, code: Code | None = None) -> Response:
    """Return an error with that status, and by default the first code that has it."""
    if code is None:
        code = _CODES.get(status, Code.MALFORMED if status < 500 else Code.INTERNAL)
    return _error(status, Refusal(code, text, field=field))


def _appeal() -> str:
    ask: Callable[[], str] | None = current_app.config.get(APPEAL) if has_app_context() else None
    return ask() if ask is not None else ""


def has_codes() -> bool:
    """Whether errors of the current request have codes."""
    return has_request_context() and (request.path == WITH_CODES or request.path.startswith(f"{WITH_CODES}/"))


def _error(status: int, refusal: Refusal) -> Response:
    appeal = _appeal() if refusal.reason in _APPEALABLE else ""
    text = f"{refusal.text}; to appeal: {appeal}" if appeal else refusal.text
    if not has_codes():
        return answer(ErrorBody(text), status)
    wait = None if refusal.retry_after is None else math.ceil(refusal.retry_after * 1000)
    body = Error(
        error=text,
        text=text,
        code=refusal.code,
        reason=refusal.reason,
        field=refusal.field,
        retry_ms=wait,
        appeal=appeal or None,
    )
    if isinstance(refusal, KeyUsed):
        body.room, body.seq = refusal.message.room_id, refusal.message.seq
    if isinstance(refusal, AssigneeMismatch) and refusal.holder is not None:
        body.holder = Holder(*refusal.holder)
    return answer(body, status)
