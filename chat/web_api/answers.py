"""Answers: a status and a JSON body, or an error as every dialect gives it unless it says otherwise."""

import math

import msgspec
from quart import Response

from chat.domain.refusals import Code, Refusal

STATUS = {
    Code.MALFORMED: 400,
    Code.INVALID: 400,
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.TAKEN: 409,
    Code.TOO_MANY: 429,
    Code.UNAVAILABLE: 503,
    Code.OUTCOME_UNKNOWN: 503,
}


class ErrorBody(msgspec.Struct):
    """What is wrong, in a sentence."""

    error: str


class TokenBody(msgspec.Struct):
    """The token that proves who one is, on the socket and in `Authorization`."""

    token: str


def answer(body: object, status: int = 200) -> Response:
    """Return `body`, encoded as JSON."""
    return Response(msgspec.json.encode(body), status, content_type="application/json")


def refuse(refusal: Refusal) -> Response:
    """Return a refusal as `{"error": …}` with its status."""
    response = error(STATUS[refusal.code], refusal.text)
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(refusal.retry_after))
    return response


def error(status: int, text: str) -> Response:
    """Return `{"error": text}`."""
    return answer(ErrorBody(text), status)
