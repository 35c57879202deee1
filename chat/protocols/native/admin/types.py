"""The requests and replies of administration: every field, its type and its limits."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from chat.domain.accounts.account_changes import Role
from chat.domain.limits.bounds import (
    AppealAddress,
    AwayWithoutOperators,
    ByteRate,
    CallUrl,
    Days,
    EmojiChange,
    EmojiMakers,
    Greeting,
    Hours,
    Inviting,
    LinkPreviews,
    Lobby,
    Login,
    LoginLinks,
    OpenInvites,
    Origins,
    OutboundHosts,
    PerHour,
    PublicUrl,
    PushTexts,
    Rate,
    Registration,
    RoomsKeep,
    SecondFactorFor,
    ServerColour,
    ServerName,
    ServerPicture,
    SupportHolidays,
    SupportHours,
    TimeZone,
    WhenAway,
)
from chat.domain.text.wrong_values import pattern
from chat.operations.room_values import Sender
from chat.operations.values import SOUGHT, Email, Id, Limit, Name, Password, Person, Time, Value
from chat.protocols.native.rooms.types import After


class WhichAccount(Value, kw_only=True, frozen=True):
    """An account."""

    person: Id


class WhichAccounts(Value, kw_only=True, frozen=True):
    """A page of the accounts with `q` in their names or email addresses, and with that role."""

    q: Annotated[str, pattern(*SOUGHT, max_length=254)] = ""
    role: Role | None = None
    after: After = 0
    limit: Limit = 50


class Account(Person, kw_only=True, frozen=True):
    """A person as admins see them; `sessions` counts their log-ins and API tokens, `second_factor`: they have one."""

    email: Email | None = None
    disabled: bool = False
    created: Time
    sessions: Annotated[int, Meta(ge=0)] = 0
    second_factor: bool = False


class Accounts(Value, kw_only=True, frozen=True):
    """Accounts, by id. If there are more, `next` is the `after` of the next page."""

    people: list[Account]
    next: Id | None = None


class ChangeAccount(Value, kw_only=True, frozen=True):
    """Changes of an account; fields that are left out stay.

    `roles` replaces all roles; instead, `operator`, `moderator` and `admin` give or remove one role each.
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
    """A setting: its current `value`, and the `default` with which this server was started.

    `source` says which of them applies. If an admin changed it, `at` and `by` say when and who; a command has no `by`.
    """

    source: Literal["admin", "start"]
    at: Time | None = None
    by: Sender | None = None


class RegistrationSetting(Setting, kw_only=True, frozen=True):
    """Who may register: anybody, people with an invite, or nobody."""

    value: Registration
    default: Registration


class LobbySetting(Setting, kw_only=True, frozen=True):
    """Who reads the lobby: every client, or only people who have logged in.

    Without a start option, `default` is open while registration is open.
    """

    value: Lobby
    default: Lobby


class RateSetting(Setting, kw_only=True, frozen=True):
    """A rate; 0: no limit."""

    value: Annotated[float, Meta(ge=0)]
    default: Annotated[float, Meta(ge=0)]


class NameSetting(Setting, kw_only=True, frozen=True):
    """The server's name."""

    value: ServerName
    default: ServerName


class PictureSetting(Setting, kw_only=True, frozen=True):
    """The server's picture, a SHA-256 in hex; empty: none. It is uploaded to `/admin/picture`."""

    value: ServerPicture
    default: ServerPicture


class ColourSetting(Setting, kw_only=True, frozen=True):
    """The colour of the log-in page, as #1a7f5a; empty: the usual one."""

    value: ServerColour
    default: ServerColour


class AddressSetting(Setting, kw_only=True, frozen=True):
    """The address at which people reach the server, for links to it; empty: unknown."""

    value: PublicUrl
    default: PublicUrl


class GreetingSetting(Setting, kw_only=True, frozen=True):
    """The first message of the support widget; empty: the widget's own."""

    value: Greeting
    default: Greeting


class OriginsSetting(Setting, kw_only=True, frozen=True):
    """Sites whose pages may show the support widget."""

    value: Origins
    default: Origins


class DaysSetting(Setting, kw_only=True, frozen=True):
    """For how many days something is kept, or a conversation stays open; 0: for ever."""

    value: Days
    default: Days


class RoomsKeepSetting(Setting, kw_only=True, frozen=True):
    """Whether owners may have the messages of their room kept differently: no (`server`), shorter, or at will."""

    value: RoomsKeep
    default: RoomsKeep


class HostsSetting(Setting, kw_only=True, frozen=True):
    """Hosts that the server may send requests to though their addresses are private: names, addresses, networks."""

    value: OutboundHosts
    default: OutboundHosts


class PushTextsSetting(Setting, kw_only=True, frozen=True):
    """Whether pushes may have the texts of messages."""

    value: PushTexts
    default: PushTexts


class LinkPreviewsSetting(Setting, kw_only=True, frozen=True):
    """Whether the server fetches previews of links."""

    value: LinkPreviews
    default: LinkPreviews


class SupportHoursSetting(Setting, kw_only=True, frozen=True):
    """When operators answer support conversations, by the clocks of the time zone; none: always."""

    value: SupportHours
    default: SupportHours


class TimeZoneSetting(Setting, kw_only=True, frozen=True):
    """The time zone of the opening hours, as Europe/Berlin."""

    value: TimeZone
    default: TimeZone


class SupportHolidaysSetting(Setting, kw_only=True, frozen=True):
    """Days on which no opening hours begin."""

    value: SupportHolidays
    default: SupportHolidays


class WhenAwaySetting(Setting, kw_only=True, frozen=True):
    """What the widget does while nobody answers."""

    value: WhenAway
    default: WhenAway


class AwayWithoutOperatorsSetting(Setting, kw_only=True, frozen=True):
    """Whether nobody answers while no operator is online, also within the opening hours."""

    value: AwayWithoutOperators
    default: AwayWithoutOperators


class CallUrlSetting(Setting, kw_only=True, frozen=True):
    """Where calls are held, with `{room}` for the name of one; empty: there are none."""

    value: CallUrl
    default: CallUrl


class HoursSetting(Setting, kw_only=True, frozen=True):
    """A number of hours; 0: none."""

    value: Hours
    default: Hours


class EmojiChangeSetting(Setting, kw_only=True, frozen=True):
    """The last change of the server's emoji; the server sets it."""

    value: EmojiChange
    default: EmojiChange


class EmojiMakersSetting(Setting, kw_only=True, frozen=True):
    """Who may add emoji of the server."""

    value: EmojiMakers
    default: EmojiMakers


class AppealSetting(Setting, kw_only=True, frozen=True):
    """Where people appeal whose account is disabled or whose network is banned; empty: nowhere."""

    value: AppealAddress
    default: AppealAddress


class InvitingSetting(Setting, kw_only=True, frozen=True):
    """Who may make invitations to rooms."""

    value: Inviting
    default: Inviting


class OpenInvitesSetting(Setting, kw_only=True, frozen=True):
    """How many invitations that are not used up one person has at once; 0: any number."""

    value: OpenInvites
    default: OpenInvites


class LoginLinksSetting(Setting, kw_only=True, frozen=True):
    """Whether people may log in by a mailed link."""

    value: LoginLinks
    default: LoginLinks


class SecondFactorSetting(Setting, kw_only=True, frozen=True):
    """Who must have a second factor to log in; operators are admins and moderators too."""

    value: SecondFactorFor
    default: SecondFactorFor


class LoginSetting(Setting, kw_only=True, frozen=True):
    """How people log in: with a `password`, with the identity provider (`sso`), or with either (`both`)."""

    value: Login
    default: Login


class Settings(Value, kw_only=True, frozen=True):
    """The settings that an admin may change while servers run, in the units of the flags of `chat serve`.

    Rates of messages, their bytes and pages are for one person; an address has ten times as much.
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
    message_days: DaysSetting
    rooms_keep: RoomsKeepSetting
    outbound_hosts: HostsSetting
    push_texts: PushTextsSetting
    second_factor: SecondFactorSetting
    support_close_days: DaysSetting
    support_remove_days: DaysSetting
    edit_days: DaysSetting
    change_days: DaysSetting
    key_days: DaysSetting
    deleted_days: DaysSetting
    login: LoginSetting
    login_links: LoginLinksSetting
    server_picture: PictureSetting
    server_colour: ColourSetting
    link_previews: LinkPreviewsSetting
    support_hours: SupportHoursSetting
    support_time_zone: TimeZoneSetting
    support_holidays: SupportHolidaysSetting
    when_away: WhenAwaySetting
    away_without_operators: AwayWithoutOperatorsSetting
    newcomer_hours: HoursSetting
    appeal_address: AppealSetting
    inviting: InvitingSetting
    inviting_days: DaysSetting
    open_invites: OpenInvitesSetting
    call_url: CallUrlSetting
    custom_emoji: EmojiChangeSetting
    emoji_makers: EmojiMakersSetting


class ChangeSettings(Value, kw_only=True, frozen=True):
    """Changes of the settings; fields that are left out stay, null returns to the default."""

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
    message_days: Days | UnsetType | None = UNSET
    rooms_keep: RoomsKeep | UnsetType | None = UNSET
    outbound_hosts: OutboundHosts | UnsetType | None = UNSET
    push_texts: PushTexts | UnsetType | None = UNSET
    second_factor: SecondFactorFor | UnsetType | None = UNSET
    support_close_days: Days | UnsetType | None = UNSET
    support_remove_days: Days | UnsetType | None = UNSET
    edit_days: Days | UnsetType | None = UNSET
    change_days: Days | UnsetType | None = UNSET
    key_days: Days | UnsetType | None = UNSET
    deleted_days: Days | UnsetType | None = UNSET
    login: Login | UnsetType | None = UNSET
    login_links: LoginLinks | UnsetType | None = UNSET
    server_picture: ServerPicture | UnsetType | None = UNSET
    server_colour: ServerColour | UnsetType | None = UNSET
    link_previews: LinkPreviews | UnsetType | None = UNSET
    support_hours: SupportHours | UnsetType | None = UNSET
    support_time_zone: TimeZone | UnsetType | None = UNSET
    support_holidays: SupportHolidays | UnsetType | None = UNSET
    when_away: WhenAway | UnsetType | None = UNSET
    away_without_operators: AwayWithoutOperators | UnsetType | None = UNSET
    newcomer_hours: Hours | UnsetType | None = UNSET
    appeal_address: AppealAddress | UnsetType | None = UNSET
    inviting: Inviting | UnsetType | None = UNSET
    inviting_days: Days | UnsetType | None = UNSET
    open_invites: OpenInvites | UnsetType | None = UNSET
    call_url: CallUrl | UnsetType | None = UNSET
    custom_emoji: EmojiChange | UnsetType | None = UNSET
    emoji_makers: EmojiMakers | UnsetType | None = UNSET


class CreateAccount(Value, kw_only=True, frozen=True):
    """A person to add, with a first password."""

    name: Name
    password: Password
    roles: tuple[Role, ...] = ()


class PasswordReset(Value, kw_only=True, frozen=True):
    """A code with which the person can set a new password once, until `expires`.

    `url` is the path of its page on this server. `link` is the whole address, if the setting `public_url` is known.
    """

    code: str
    url: str
    link: str | None = None
    expires: Time


class WhichActs(Value, kw_only=True, frozen=True):
    """A page of the audit: all acts, or those by or on `person`, and only acts of the kinds in `what`."""

    person: Id | None = None
    what: Annotated[
        str,
        Meta(
            max_length=400,
            pattern=r"^([a-z_]+(,[a-z_]+)*)?$(?!\n)",
            description="Kinds of acts, separated by commas",
        ),
    ] = ""
    after: After = 0
    limit: Limit = 50


class Act(Value, kw_only=True, frozen=True):
    """An act in the audit: its kind, time, person and room; without `by` it was a command on the server.

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
    """Acts, newest first. If there are older ones, `next` is the `after` of the next page."""

    entries: list[Act]
    next: Id | None = None
