"""A session as a log-in gives it."""

from typing import Annotated

from msgspec import Meta

from chat.domain.accounts.sessions import ACCESS, Opened
from chat.domain.refusals import Refusal
from chat.operations.conversions import as_me
from chat.operations.values import Id, Me, Value


class Session(Value, kw_only=True, frozen=True):
    """A new session with its tokens. A browser gets the refresh token as a cookie, so `refresh` is left out."""

    access: str
    expires_in: Annotated[int, Meta(ge=1, description="Seconds")]
    refresh: str | None = None
    session: Id
    me: Me


def as_session(opened: Opened | Refusal) -> Session | Refusal:
    """Return the reply of a log-in."""
    if isinstance(opened, Refusal):
        return opened
    return Session(
        access=opened.access,
        expires_in=ACCESS,
        refresh=opened.refresh,
        session=opened.session.id,
        me=as_me(opened.person),
    )
