"""The values of accounts and sessions in the native protocol: every field, its type and its limits."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from chat.domain.bounds import Lobby, Registration
from chat.operations.values import Email, Id, Me, Name, Time, Value

# A pattern that ends with `$` alone lets a line break through behind what it describes; with `(?!\n)` it does not, in
# Python and in JavaScript.

Device = Annotated[str, Meta(max_length=64, description="What the person calls this device")]
Password = Annotated[str, Meta(min_length=1, max_length=72, description="At most 72 bytes")]
Refreshing = Annotated[str, Meta(max_length=128, description="Used once; opaque")]


class Session(Value, kw_only=True, frozen=True):
    """What a login gives. `refresh` is left out where the browser has it as a cookie."""

    access: str
    expires_in: Annotated[int, Meta(ge=1, description="Seconds")]
    refresh: str | None = None
    session: Id
    me: Me


class SetUpState(Value, kw_only=True, frozen=True):
    """Whether there is no admin yet, who may register, who reads the lobby, and what the server calls itself.

    `lobby` is `open` where whoever connects reads it without logging in.
    """

    needed: bool
    registration: Registration
    lobby: Lobby
    server: str


class SetUp(Value, kw_only=True, frozen=True):
    """The first admin, by the code that the server printed when it started."""

    code: Annotated[str, Meta(max_length=32)]
    name: Name
    password: Password
    device: Device = ""


class Register(Value, kw_only=True, frozen=True):
    """A new person; `invite` where registering takes one."""

    name: Name
    password: Password
    email: Email | None = None
    invite: Annotated[str, Meta(max_length=64)] | None = None
    device: Device = ""


class Login(Value, kw_only=True, frozen=True):
    """Who logs in."""

    login: Annotated[str, Meta(max_length=254, description="Name or e-mail address")]
    password: Password
    device: Device = ""


class Refresh(Value, kw_only=True, frozen=True):
    """The refresh token; a browser leaves it out, as it has it in a cookie."""

    refresh: Refreshing | None = None


class ChangeMe(Value, kw_only=True, frozen=True):
    """What to change of oneself: what is left out stays, null takes display name or e-mail address away."""

    name: Name | UnsetType = UNSET
    display: Name | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    share_reads: bool | UnsetType = UNSET


class ChangePassword(Value, kw_only=True, frozen=True):
    """One's password, and the one to have from now on."""

    old: Password
    new: Password


class SessionInfo(Value, kw_only=True, frozen=True):
    """A session. `used` is when it was begun or last refreshed, `address` and `agent` are from where that was."""

    id: Id
    kind: Literal["login", "token"] = "login"
    name: str = ""
    created: Time
    used: Time
    address: str = ""
    agent: str = ""
    current: bool = False


class Sessions(Value, kw_only=True, frozen=True):
    """One's sessions, the last begun first."""

    sessions: list[SessionInfo]


class WhichSession(Value, kw_only=True, frozen=True):
    """A session of one's own."""

    id: Id


class ResetPassword(Value, kw_only=True, frozen=True):
    """Another password for whoever has the code, which an admin made for them."""

    code: Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9_-]*$(?!\n)")]
    password: Password


class CreateToken(Value, kw_only=True, frozen=True):
    """A token for a program, good for so many days; `password` is one's own."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Password
    days: Annotated[int, Meta(ge=1, le=3650)] = 365


class Token(Value, kw_only=True, frozen=True):
    """The token, which is shown once, and its session."""

    token: str
    session: SessionInfo
