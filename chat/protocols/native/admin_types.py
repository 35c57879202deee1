"""What admins ask and are answered: every field, its type and its limits."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from chat.domain.account_changes import Role
from chat.domain.bounds import (
    ByteRate,
    Greeting,
    Lobby,
    Origins,
    PerHour,
    PublicUrl,
    Rate,
    Registration,
    ServerName,
)
from chat.domain.wrong_values import pattern
from chat.operations.room_values import Sender
from chat.operations.values import SOUGHT, Email, Id, Limit, Name, Person, Time, Value
from chat.protocols.native.room_requests import After
from chat.protocols.native.types import Password


class WhichAccount(Value, kw_only=True, frozen=True):
    """An account."""

    person: Id


class WhichAccounts(Value, kw_only=True, frozen=True):
    """A page of the accounts, those with `q` in their names or e-mail addresses, and with that role."""

    q: Annotated[str, pattern(*SOUGHT, max_length=254)] = ""
    role: Role | None = None
    after: After = 0
    limit: Limit = 50


class Account(Person, kw_only=True, frozen=True):
    """A person as admins see them; `sessions` are their logins and tokens for programs."""

    email: Email | None = None
    disabled: bool = False
    created: Time
    sessions: Annotated[int, Meta(ge=0)] = 0


class Accounts(Value, kw_only=True, frozen=True):
    """Accounts, by their ids. Where there are more, `next` is where they begin."""

    people: list[Account]
    next: Id | None = None


class ChangeAccount(Value, kw_only=True, frozen=True):
    """What to change of an account; what is left out stays.

    `roles` are all that they have then; `operator`, `moderator` and `admin` give or take one each, in its place.
    """

    person: Id
    name: Name | UnsetType = UNSET
    roles: list[Role] | UnsetType = UNSET
    operator: bool | UnsetType = UNSET
    moderator: bool | UnsetType = UNSET
    admin: bool | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    password: Password | UnsetType = UNSET


class Setting(Value, kw_only=True, frozen=True):
    """A setting: `default` is what this server was started with, `source` which of the two counts.

    `at` and `by` are of the change, where an admin made one; by a command there is no `by`.
    """

    source: Literal["admin", "start"]
    at: Time | None = None
    by: Sender | None = None


class RegistrationSetting(Setting, kw_only=True, frozen=True):
    """Who may register: anybody, whoever has an invite, or nobody."""

    value: Registration
    default: Registration


class LobbySetting(Setting, kw_only=True, frozen=True):
    """Who reads the lobby: whoever connects, or who has logged in.

    A server that was not started with one is open while registration is open: then that is its `default` now.
    """

    value: Lobby
    default: Lobby


class RateSetting(Setting, kw_only=True, frozen=True):
    """So many; 0 for any."""

    value: Annotated[float, Meta(ge=0)]
    default: Annotated[float, Meta(ge=0)]


class NameSetting(Setting, kw_only=True, frozen=True):
    """What the server is called."""

    value: ServerName
    default: ServerName


class AddressSetting(Setting, kw_only=True, frozen=True):
    """The address at which people reach the server, for links to it; empty: it is not known."""

    value: PublicUrl
    default: PublicUrl


class GreetingSetting(Setting, kw_only=True, frozen=True):
    """What the support widget says before anything else; empty: what it says by itself."""

    value: Greeting
    default: Greeting


class OriginsSetting(Setting, kw_only=True, frozen=True):
    """Sites whose pages may show the support widget."""

    value: Origins
    default: Origins


class Settings(Value, kw_only=True, frozen=True):
    """What an admin may change while servers run, in the units of the flags of `chat serve`.

    Of one address ten times as much is let through as of one person, for messages, their bytes and pages.
    """

    server_name: NameSetting
    public_url: AddressSetting
    registration: RegistrationSetting
    lobby: LobbySetting
    registrations_per_hour: RateSetting
    message_rate: RateSetting
    message_bytes: RateSetting
    read_rate: RateSetting
    call_rate: RateSetting
    widget_origins: OriginsSetting
    widget_greeting: GreetingSetting


class ChangeSettings(Value, kw_only=True, frozen=True):
    """What to change of the settings; what is left out stays, null takes a change back."""

    server_name: ServerName | UnsetType | None = UNSET
    public_url: PublicUrl | UnsetType | None = UNSET
    registration: Registration | UnsetType | None = UNSET
    lobby: Lobby | UnsetType | None = UNSET
    registrations_per_hour: PerHour | UnsetType | None = UNSET
    message_rate: Rate | UnsetType | None = UNSET
    message_bytes: ByteRate | UnsetType | None = UNSET
    read_rate: Rate | UnsetType | None = UNSET
    call_rate: Rate | UnsetType | None = UNSET
    widget_origins: Origins | UnsetType | None = UNSET
    widget_greeting: Greeting | UnsetType | None = UNSET


class CreateAccount(Value, kw_only=True, frozen=True):
    """A person to be added, with a first password, which they change."""

    name: Name
    password: Password
    roles: tuple[Role, ...] = ()


class PasswordReset(Value, kw_only=True, frozen=True):
    """A code with which its person sets another password, once, until `expires`.

    `url` is the path of its page on this server, and `link` the whole address, where the setting `public_url` says it.
    """

    code: str
    url: str
    link: str | None = None
    expires: Time


class WhichActs(Value, kw_only=True, frozen=True):
    """A page of the audit: all acts, or what `person` did or was done to them, and only acts that are one of `what`."""

    person: Id | None = None
    what: Annotated[
        str,
        Meta(
            max_length=400,
            pattern=r"^([a-z_]+(,[a-z_]+)*)?$(?!\n)",
            description="Kinds of acts, with commas between",
        ),
    ] = ""
    after: After = 0
    limit: Limit = 50


class Act(Value, kw_only=True, frozen=True):
    """What was done, when, to whom and where; without `by` it was a command of whoever runs the server.

    `detail` is for people: the roles, the setting and its value, the `seq` of the message, the name of the room.
    """

    id: Id
    at: Time
    by: Sender | None = None
    what: Annotated[
        str,
        Meta(
            description="person_added, person_deleted, renamed, roles_changed, password_set, disabled, enabled,"
            " sessions_ended, setting_changed, message_deleted, room_deleted, room_renamed, room_archived,"
            " room_unarchived, banned or unbanned; others may be added"
        ),
    ]
    person: Sender | None = None
    room: Id | None = None
    detail: str = ""


class Acts(Value, kw_only=True, frozen=True):
    """Acts, the newest first. Where there are older ones, `next` is where they begin."""

    entries: list[Act]
    next: Id | None = None
