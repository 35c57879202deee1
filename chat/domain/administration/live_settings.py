"""Settings that admins may change while the server runs. They override the start settings until they are reset."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
import structlog
from msgspec import Meta, structs

from chat.domain import ports
from chat.domain.accounts.accounts import Accounts
from chat.domain.administration.audit import Named
from chat.domain.entities import Person
from chat.domain.limits.bounds import (
    MOST_BYTES,
    SERVER_NAME,
    AppealAddress,
    AwayWithoutOperators,
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
    SettingValue,
    SupportHolidays,
    SupportHours,
    TimeZone,
    WhenAway,
)
from chat.domain.limits.budgets import Budgets, Rates
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.opening_hours import refused_hours
from chat.domain.text.wrong_values import wrong_value

logger = structlog.get_logger(__name__)


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All such settings, with the names and units of the flags of `chat serve`."""

    server_name: ServerName
    registration: Registration
    lobby: Lobby
    public_url: PublicUrl
    registrations_per_hour: PerHour
    message_rate: Rate
    message_bytes: Annotated[float, Meta(ge=0, le=MOST_BYTES)]
    read_rate: Rate
    call_rate: Rate
    widget_origins: Origins
    widget_greeting: Greeting
    message_days: Days = 0
    rooms_keep: RoomsKeep = "server"
    outbound_hosts: OutboundHosts = ()
    push_texts: PushTexts = "on"
    link_previews: LinkPreviews = "on"
    call_url: CallUrl = ""
    custom_emoji: EmojiChange = ""
    emoji_makers: EmojiMakers = "admins"
    second_factor: SecondFactorFor = "off"
    login: Login = "both"
    login_links: LoginLinks = "off"
    support_close_days: Days = 0
    support_remove_days: Days = 0
    edit_days: Days = 0
    change_days: Days = 0
    key_days: Days = 0
    deleted_days: Days = 0
    server_picture: ServerPicture = ""
    server_colour: ServerColour = ""
    support_hours: SupportHours = ()
    support_time_zone: TimeZone = "UTC"
    support_holidays: SupportHolidays = ()
    when_away: WhenAway = "message"
    away_without_operators: AwayWithoutOperators = "off"
    newcomer_hours: Hours = 0
    appeal_address: AppealAddress = ""
    inviting: Inviting = "everybody"
    inviting_days: Days = 0
    open_invites: OpenInvites = 0


_TYPES = {field.name: field.type for field in structs.fields(ServerSettings)}

SETTING_NAMES = tuple(_TYPES)
"""The settings that may be changed while the server runs."""


def unknown_setting(name: str) -> Refusal:
    """Return the refusal of an unknown name, which lists the known ones. Sync and pure."""
    return Refusal(
        Code.INVALID, f"no setting {name!r}; there are {', '.join(SETTING_NAMES)}", reason="no_setting"
    )


def setting_from_text(name: str, text: str) -> SettingValue | Refusal:
    """Parse a text as the value of a setting, or return what is wrong with it. Sync and pure.

    The items of a list are separated by spaces or commas.
    """
    if name not in _TYPES:
        return unknown_setting(name)
    try:
        written = text.replace(",", " ").split() if _is_list(_TYPES[name]) else text
        value: SettingValue = msgspec.convert(written, _TYPES[name], strict=False)
    except msgspec.ValidationError as error:
        return Refusal(Code.INVALID, f"{name}: {wrong_value(error, _TYPES[name])}", reason="bad_value")
    if refusal := refused_settings({name: value}):
        return refusal
    return int(value) if isinstance(value, float) and value.is_integer() else value


def refused_settings(changes: Mapping[str, Any]) -> Refusal | None:
    """Return the refusal of values that have the right form, and are of no use: an unknown zone, an impossible day."""
    return refused_hours(changes.get("support_time_zone"), changes.get("support_holidays") or ())


def _is_list(kind: Any) -> bool:  # noqa: ANN401 - types have no common one
    return get_origin(get_args(kind)[0]) is tuple


class Effective(msgspec.Struct, frozen=True, kw_only=True):
    """The effective value of a setting, and the value that this server was started with.

    `at` (Unix seconds) and `by` describe the admin's change, if that is in effect.
    """

    value: SettingValue
    default: SettingValue
    source: Literal["admin", "start"]
    at: float | None = None
    by: Named | None = None


class LiveSettings:
    """Applies admins' changes to `accounts` and `budgets`, which begin with the start settings.

    `widget_origins`, `server_name`, `widget_greeting`, `lobby` and `public_url` are start settings that only this
    class holds. Without `lobby` the lobby is open while registration is open.

    Stored settings with an unknown name or an invalid value are ignored: a newer server may have written them.
    """

    def __init__(
        self,
        table: ports.Settings,
        accounts: Accounts,
        budgets: Budgets,
        widget_origins: tuple[str, ...] = (),
        server_name: str = SERVER_NAME,
        widget_greeting: str = "",
        lobby: Lobby | None = None,
        public_url: str = "",
    ) -> None:
        self._table = table
        self._accounts = accounts
        self._budgets = budgets
        self._lobby = lobby
        self.shortest_room_days = 0
        """The shortest rule that a room has of its own, as the retention last read it; 0: none has any."""
        self._on_change: list[Callable[[Collection[str]], object]] = []
        self._refreshed_with: list[Callable[[], Awaitable[object]]] = []
        rates = budgets.rates
        self._started_with = self._values = ServerSettings(
            server_name=server_name,
            public_url=public_url,
            registration=accounts.registration,
            lobby=self._lobby_beside(accounts.registration),
            registrations_per_hour=accounts.registrations_per_hour,
            message_rate=rates.messages,
            message_bytes=rates.text,
            read_rate=rates.pages,
            call_rate=rates.calls,
            widget_origins=widget_origins,
            widget_greeting=widget_greeting,
        )
        self._kept: dict[str, ports.Setting] = {}  # the changes that count

    async def refresh(self) -> None:
        """Read the changed settings and apply them. May raise StorageDown. Cancelling: they are applied, or not."""
        self._apply(await self._table.changed_settings())
        for refresh in self._refreshed_with:
            await refresh()

    def also_refresh(self, refresh: Callable[[], Awaitable[object]]) -> None:
        """Call this with each refresh: what it reads is announced as a change of the settings is. Sync."""
        self._refreshed_with.append(refresh)

    async def change(self, by: Person | None, changes: Mapping[str, SettingValue | None]) -> None:
        """Change settings, all of them or none; None resets one. Other servers apply them within a second.

        Values are within the bounds of `ServerSettings`. May raise StorageDown and OutcomeUnknown. Cancelling: they
        were changed, or not.
        """
        # No await between the commit and its effect here.
        self._apply(await self._table.change_settings(changes, None if by is None else by.id))

    def on_change(self, handler: Callable[[Collection[str]], object]) -> None:
        """Call `handler` with the names of the settings whose values changed, after each change. Sync."""
        self._on_change.append(handler)

    @property
    def values(self) -> ServerSettings:
        """All settings as they are now."""
        return self._values

    @property
    def lobby(self) -> Lobby:
        """Who reads the lobby."""
        return self._values.lobby

    @property
    def public_url(self) -> str:
        """The address at which people reach the server, without a final slash; empty: not known."""
        return self._values.public_url

    @property
    def outbound_hosts(self) -> tuple[str, ...]:
        """The hosts that the server may send requests to though their addresses are private."""
        return self._values.outbound_hosts

    @property
    def key_days(self) -> int:
        """The days for which the server knows the key of any message; 0: for ever. A key goes with its message."""
        values = self._values
        rules = values.key_days, values.message_days, values.deleted_days, self.shortest_room_days
        return min(filter(None, rules), default=0)

    @property
    def login_links(self) -> bool:
        """Whether people may log in by a mailed link."""
        return self._values.login_links == "on"

    @property
    def link_previews(self) -> bool:
        """Whether the server fetches previews of links."""
        return self._values.link_previews == "on"

    @property
    def appeal_address(self) -> str:
        """Where people appeal whose account is disabled or whose network is banned: a page or a mail address."""
        return self._values.appeal_address

    @property
    def newcomer_hours(self) -> int:
        """For how many hours after they registered people may not send links and files; 0: they may at once."""
        return self._values.newcomer_hours

    @property
    def inviting(self) -> Inviting:
        """Who may make invitations to rooms."""
        return self._values.inviting

    @property
    def inviting_days(self) -> int:
        """After how many days here people may make invitations."""
        return self._values.inviting_days

    @property
    def open_invites(self) -> int:
        """How many invitations that are not used up one person has at once; 0: any number."""
        return self._values.open_invites

    @property
    def push_texts(self) -> bool:
        """Whether pushes may have the texts of messages."""
        return self._values.push_texts == "on"

    @property
    def call_url(self) -> str:
        """Where calls are held, with `{room}` for the name of one; empty: there are none."""
        return self._values.call_url

    @property
    def custom_emoji(self) -> str:
        """The last change of the server's emoji, as `+party`; empty: there was none."""
        return self._values.custom_emoji

    @property
    def emoji_makers(self) -> EmojiMakers:
        """Who may add emoji of the server."""
        return self._values.emoji_makers

    @property
    def server_name(self) -> str:
        """The name of the server, for people."""
        return self._values.server_name

    @property
    def server_picture(self) -> str:
        """The server's picture, a SHA-256 in hex; empty: none."""
        return self._values.server_picture

    @property
    def server_colour(self) -> str:
        """The colour of the log-in page, as #1a7f5a; empty: the usual one."""
        return self._values.server_colour

    @property
    def widget_origins(self) -> tuple[str, ...]:
        """The sites whose pages may show the support widget, as https://shop.example; `*` is any."""
        return self._values.widget_origins

    @property
    def widget_greeting(self) -> str:
        """The greeting of the support widget; empty: its own."""
        return self._values.widget_greeting

    def effective(self) -> dict[str, Effective]:
        """Return each setting by its name. Sync."""
        return {name: self._effective(name) for name in _TYPES}

    def _effective(self, name: str) -> Effective:
        value, default = getattr(self._values, name), getattr(self._started_with, name)
        if name == "lobby":
            default = self._lobby_beside(self._values.registration)
        kept = self._kept.get(name)
        if kept is None:
            return Effective(value=value, default=default, source="start")
        return Effective(value=value, default=default, source="admin", at=kept.at, by=kept.by)

    def _apply(self, found: Mapping[str, ports.Setting]) -> None:
        changed = {
            name: value for name, kept in found.items() if (value := _usable(name, kept.value)) is not None
        }
        self._kept = {name: kept for name, kept in found.items() if name in changed}
        values: ServerSettings = structs.replace(self._started_with, **changed)
        if "lobby" not in changed:
            values = structs.replace(values, lobby=self._lobby_beside(values.registration))
        before, self._values = self._values, values
        different = [name for name in _TYPES if getattr(values, name) != getattr(before, name)]
        for name in different:
            logger.info("setting changed", setting=name, value=getattr(values, name))
        self._accounts.registration = values.registration
        self._budgets.bans.appeal_address = values.appeal_address
        self._accounts.second_factor = values.second_factor
        self._accounts.login = values.login
        self._accounts.registrations_per_hour = values.registrations_per_hour
        self._budgets.rates = Rates(
            messages=values.message_rate,
            text=values.message_bytes,
            pages=values.read_rate,
            calls=values.call_rate,
        )
        if different:
            for handler in self._on_change:
                handler(different)

    def _lobby_beside(self, registration: Registration) -> Lobby:
        """Return who reads the lobby by default, given who may register."""
        return self._lobby or ("open" if registration == "open" else "members")


def _usable(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever JSON has
    """Return a stored value converted to its type; None: it can't be used."""
    if name not in _TYPES:
        return None
    try:
        return msgspec.convert(value, _TYPES[name])
    except msgspec.ValidationError:
        logger.warning(
            "ignored a stored setting with an invalid value; set it again as an admin", setting=name
        )
        return None
