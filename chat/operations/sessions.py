"""A session as a log-in gives it."""

from typing import Annotated

from msgspec import Meta

from chat.domain.accounts.second_factor import CODE_NEEDED, CODES, CheckCode
from chat.domain.accounts.sessions import ACCESS, Opened
from chat.domain.entities import Person
from chat.domain.refusals import Refusal
from chat.engine.services import EngineServices
from chat.operations.conversions import as_me
from chat.operations.values import Id, Me, Value

SecondFactorCode = Annotated[
    str, Meta(max_length=64, description="A code of one's second factor, for people who have one")
]


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


def may_log_in_by_link(services: EngineServices) -> bool:
    """Whether the server mails links to log in with. Sync."""
    settings = services.settings
    sends = services.mail is not None and bool(settings.public_url)
    return sends and settings.login_links and services.accounts.login != "sso"


def code_check(services: EngineServices, code: str | None, address: str) -> CheckCode:
    """Return what checks the code that came with a log-in from a client's `address`. Sync."""

    async def check(person: Person) -> Refusal | None:
        if not code:
            return CODE_NEEDED
        codes = services.feature_ports[CODES]
        return await services.accounts.check_code(person, address, lambda: codes.use(person, code))

    return check
