"""The values of accounts and sessions in the native protocol: every field, its type and its limits."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from chat.domain.limits.bounds import AppealAddress, Lobby, Registration, ServerColour
from chat.domain.limits.bounds import Login as LoginBy
from chat.operations.sessions import SecondFactorCode
from chat.operations.values import Email, Id, Name, Password, Picture, Time, Value

# In Python `$` also matches before a final line break; `(?!\n)` excludes that, in Python and in JavaScript.

Device = Annotated[str, Meta(max_length=64, description="The person's name for this device")]
Refreshing = Annotated[str, Meta(max_length=128, description="Opaque; can be used once")]


class SetUpState(Value, kw_only=True, frozen=True):
    """The server's name and policy, and whether a first admin is `needed`.

    `registration` says who may register; `lobby` is `open` if clients read the lobby without logging in. `login` says
    how people log in: with a `password`, with the identity provider (`sso`), or with either (`both`); `provider` is
    what that is called, if there is one. `passkeys`: people who have one log in by it;
    `login_links`: people may log in by a mailed link. `picture` and `colour` are those of the log-in page; the usual
    ones are left out. `appeal` is where people appeal whose account is disabled.
    """

    needed: bool
    registration: Registration
    lobby: Lobby
    server: str
    picture: Picture | None = None
    colour: ServerColour = ""
    login: LoginBy = "password"
    provider: str | None = None
    passkeys: bool = False
    login_links: bool = False
    appeal: AppealAddress = ""


class SetUp(Value, kw_only=True, frozen=True):
    """The first admin, and the code that the server logged when it started."""

    code: Annotated[str, Meta(max_length=32)]
    name: Name
    password: Password
    device: Device = ""


class Register(Value, kw_only=True, frozen=True):
    """A new person; `invite` is the code of an invite, which is needed if registration is by invite."""

    name: Name
    password: Password
    email: Email | None = None
    invite: Annotated[str, Meta(max_length=64)] | None = None
    device: Device = ""


class Login(Value, kw_only=True, frozen=True):
    """The credentials of a log-in."""

    login: Annotated[str, Meta(max_length=254, description="Name or email address")]
    password: Password
    device: Device = ""
    code: SecondFactorCode | None = None


class Refresh(Value, kw_only=True, frozen=True):
    """The refresh token; a browser sends it as a cookie instead."""

    refresh: Refreshing | None = None


class ChangeMe(Value, kw_only=True, frozen=True):
    """Changes of one's own profile: fields that are left out stay, null removes the display name or email address."""

    name: Name | UnsetType = UNSET
    display: Name | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    share_reads: bool | UnsetType = UNSET


class ChangePassword(Value, kw_only=True, frozen=True):
    """The current password and the new one."""

    old: Password
    new: Password


class SessionInfo(Value, kw_only=True, frozen=True):
    """A session. `used` is when it began or was last refreshed, `address` and `agent` belong to that request."""

    id: Id
    kind: Literal["login", "token"] = "login"
    name: str = ""
    created: Time
    used: Time
    address: str = ""
    agent: str = ""
    current: bool = False


class Sessions(Value, kw_only=True, frozen=True):
    """One's own sessions, newest first."""

    sessions: list[SessionInfo]


class WhichSession(Value, kw_only=True, frozen=True):
    """One of one's own sessions."""

    id: Id


class ResetPassword(Value, kw_only=True, frozen=True):
    """A new password, and the reset code that an admin made for the person."""

    code: Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9_-]*$(?!\n)")]
    password: Password
    second_factor: SecondFactorCode | None = None


class CreateToken(Value, kw_only=True, frozen=True):
    """A new API token for a program, valid for `days`; `password` is one's own, if there is one."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Password | None = None
    days: Annotated[int, Meta(ge=1, le=3650)] = 365


class Token(Value, kw_only=True, frozen=True):
    """The API token, which is shown only once, and its session."""

    token: str
    session: SessionInfo
