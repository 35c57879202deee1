"""A browser keeps its refresh token in a cookie that no script reads and that goes to /api/v1/auth alone."""

from msgspec import structs
from quart import request
from werkzeug.http import dump_cookie

from chat.protocols.native.types import Session

_NAME = "chat_refresh"
_PATH = "/api/v1/auth"
_LASTS = 30 * 86_400
"""Seconds; the session that it refreshes lasts as long."""


def is_browser() -> bool:
    """Whether the current request comes from a page: these two headers no page can leave out or make up."""
    return "Sec-Fetch-Site" in request.headers or "Origin" in request.headers


def kept_refresh() -> str | None:
    """Return the refresh token that the current request carries as a cookie."""
    return request.cookies.get(_NAME)


def keep_refresh(session: Session) -> tuple[Session, str | None]:
    """Return a session as it is told, and the cookie to set with it, if the current request is a browser's.

    A visitor's frame stands on another site, where browsers keep no cookies of ours; nor is it to take the place of the
    cookie of somebody who has logged in here.
    """
    if session.refresh is None or not is_browser() or "guest" in session.me.roles:
        return session, None
    return structs.replace(session, refresh=None), _cookie(session.refresh, _LASTS)


def forget_refresh() -> str:
    """Return the cookie that takes the place of the refresh token, and is gone at once."""
    return _cookie("", 0)


def _cookie(value: str, lasts: int) -> str:
    return dump_cookie(
        _NAME,
        value,
        max_age=lasts,
        path=_PATH,
        secure=request.scheme == "https",
        httponly=True,
        samesite="Strict",
    )
