"""The cookie in which browsers keep the refresh token: scripts can't read it, and it is sent to /api/v1/auth only."""

from msgspec import structs
from quart import request
from werkzeug.http import dump_cookie

from chat.operations.sessions import Session

_NAME = "chat_refresh"
_PATH = "/api/v1/auth"
_LASTS = 30 * 86_400
"""Seconds; as long as the session."""


def is_browser() -> bool:
    """Whether the current request comes from a page: a page can't omit or forge these headers."""
    return "Sec-Fetch-Site" in request.headers or "Origin" in request.headers


def kept_refresh() -> str | None:
    """Return the refresh token that the current request carries as a cookie."""
    return request.cookies.get(_NAME)


def keep_refresh(session: Session) -> tuple[Session, str | None]:
    """Return the session to answer with, and the cookie to set if the current request comes from a browser.

    Visitors get no cookie: the widget's frame is on another site, where browsers block third-party cookies, and the
    cookie would replace that of a person who has logged in here.
    """
    if session.refresh is None or not is_browser() or "guest" in session.me.roles:
        return session, None
    return structs.replace(session, refresh=None), _cookie(session.refresh, _LASTS)


def forget_refresh() -> str:
    """Return the cookie that removes the refresh token."""
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
