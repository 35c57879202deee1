"""The server's settings: one frozen record, read once (by `sources.py`) before anything starts.

Bounds and one-line descriptions of the fields are defined only here; `chat serve --help` shows them.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
import platformdirs
from msgspec import Meta
from msgspec.structs import FieldInfo

from chat.domain.identity_provider import IdentityProvider, identity_provider
from chat.domain.limits.bounds import (
    SERVER_NAME,
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
from chat.domain.mail_server import MailServer, mail_server, mailbox
from chat.domain.startup import CannotStart
from chat.settings.listen import Listen

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Size = Annotated[int, Meta(ge=4096, le=1 << 30)]


class ConfigError(CannotStart):
    """A setting is unknown, of the wrong type, out of bounds or unreadable; the text names it."""


def default_data_directory() -> Path:
    """Return the user's data directory; root's is outside its home, where PostgreSQL's user may enter."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/trio-chat")
    directory = Path(platformdirs.user_data_dir("trio-chat", appauthor=False))
    if not directory.is_absolute():  # "~/…": neither HOME nor the passwd entry names a home
        raise ConfigError(f"{flag('data')} or {variable('data')}: needed, as this user has no home directory")
    return directory


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings. Made by `read_config`, or directly in tests."""

    listen: Annotated[
        tuple[Listen, ...],
        Meta(
            min_length=1, description="Where to accept, and the dialect spoken at /; port 0 takes a free one."
        ),
    ] = (Listen("127.0.0.1", 9000),)
    irc: Annotated[
        Listen | None,
        Meta(
            description="Where IRC clients connect without encryption, as 127.0.0.1:6667; by default nowhere."
        ),
    ] = None
    irc_tls: Annotated[
        Listen | None,
        Meta(
            description="Where IRC clients connect over TLS, as 0.0.0.0:6697, with the certificate of tls_cert."
        ),
    ] = None
    metrics_listen: Annotated[
        Listen | None,
        Meta(description="Where alone /metrics is served, to everybody; without it, beside everything else."),
    ] = None
    metrics_access: Annotated[
        Literal["admins", "public"],
        Meta(
            description="Who may read /metrics beside everything else: admins, with a token, or everybody (public)."
        ),
    ] = "admins"
    data: Annotated[
        Path,
        Meta(description="Keeps the secret and the database; by default the user's data directory."),
    ] = msgspec.field(default_factory=default_data_directory)
    files: Annotated[
        Path | None,
        Meta(
            description="Keeps the files that people attach, by default beside the data; servers with a bus share one,"
            " and take no files without it."
        ),
    ] = None
    file_bytes: Annotated[
        int, Meta(ge=0, le=1 << 30, description="Longest file that people may attach, in bytes; 0: none.")
    ] = 26_214_400
    export_bytes: Annotated[
        int,
        Meta(
            ge=0,
            le=1 << 50,
            description="Most bytes of all exports that people have asked for, each kept for a day beside the files;"
            " 0: nobody may export.",
        ),
    ] = 10_737_418_240
    database_url: Annotated[
        str | None,
        Meta(description="PostgreSQL as postgresql://USER@HOST/NAME; without it the server runs its own."),
    ] = None
    postgres_settings: Annotated[
        tuple[str, ...],
        Meta(
            description="Setting of the server's own PostgreSQL, as shared_buffers=1GB; without any it goes by the"
            " machine's memory."
        ),
    ] = ()
    backup: Annotated[
        Path | None,
        Meta(
            description="Where the server backs itself up each night, and proves it; without it, it does not."
        ),
    ] = None
    backup_keep: Annotated[
        str,
        Meta(
            pattern=r"^([1-9][0-9]{0,3}[dwmy]([ ,]+|$))+$",
            description="Which of these stay: the newest of so many days, weeks, months and years, as 7d 4w 12m.",
        ),
    ] = "7d 4w 12m"
    backup_recipient: Annotated[
        str | None,
        Meta(
            description="Encrypts backups: a public key of age (age1…), or a file of several; needs the extra age."
        ),
    ] = None
    backup_wal: Annotated[
        bool,
        Meta(
            description="Archive the WAL of the server's own PostgreSQL beside the backups, so that any moment can be"
            " restored."
        ),
    ] = False
    backup_before_upgrade: Annotated[
        Literal["embedded", "always", "never"],
        Meta(
            description="Whether to back the database up into the data before an upgrade of its tables: embedded (the"
            " server's own one), always, or never."
        ),
    ] = "embedded"
    bus: Annotated[
        str | None,
        Meta(
            description="How several servers on one database hear each other at once: notify (PostgreSQL's own) or"
            " redis://HOST; without it a server is alone."
        ),
    ] = None
    secret: Annotated[
        str | None,
        Meta(description="Signs tokens, 32 bytes or more; without it one is made and kept in the data."),
    ] = None
    previous_secret: Annotated[
        str | None,
        Meta(
            description="Accepted beside the secret, and signs nothing: for a change of the secret that logs nobody"
            " out."
        ),
    ] = None
    tls_cert: Annotated[Path | None, Meta(description="Certificate chain (PEM) to serve TLS with.")] = None
    tls_key: Annotated[Path | None, Meta(description="Private key (PEM) of the certificate.")] = None
    origins: Annotated[
        tuple[str, ...],
        Meta(description="Another site whose pages may call here, as https://chat.example; * for any."),
    ] = ()
    widget_origins: Annotated[
        Origins,
        Meta(
            description="A site whose pages may show the support widget, as https://shop.example; * for any; an admin"
            " may change it later."
        ),
    ] = ()
    widget_greeting: Annotated[
        Greeting,
        Meta(
            description="What the support widget says first, in place of its own greeting; an admin may change it"
            " later."
        ),
    ] = ""
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Address or network of a reverse proxy that is believed about the client's address."
        ),
    ] = ()
    forwarded_header: Annotated[
        Literal["auto", "x-forwarded-for", "forwarded"],
        Meta(
            description="What those proxies set, with its kin; auto: whichever comes, and neither if they differ."
        ),
    ] = "auto"
    bcrypt_cost: Annotated[
        int, Meta(ge=4, le=20, description="Work factor of password hashes; each step doubles it.")
    ] = 12
    min_password: Annotated[
        int,
        Meta(
            ge=1,
            le=72,
            description="Fewest characters of a new password; 8 at least but in the older protocols.",
        ),
    ] = 5
    server_name: Annotated[
        ServerName,
        Meta(description="What the server is called on its page; an admin may change it later."),
    ] = SERVER_NAME
    public_url: Annotated[
        PublicUrl,
        Meta(
            description="The address at which people reach the server, as https://chat.example, for links to it; an"
            " admin may change it later."
        ),
    ] = ""
    mail_url: Annotated[
        str | None,
        Meta(
            description="Mail server, as smtp://USER:PASSWORD@HOST (STARTTLS) or smtps://HOST; without it nothing is"
            " mailed."
        ),
    ] = None
    mail_from: Annotated[
        str,
        Meta(
            max_length=200,
            description="Sender of mails, as Chat <chat@example.com>; needed with a mail server.",
        ),
    ] = ""
    support_mail: Annotated[
        str,
        Meta(
            max_length=200,
            description="Address to which people write for support, as help@example.com; needs mail_url and imap_url.",
        ),
    ] = ""
    imap_url: Annotated[
        str | None,
        Meta(
            description="Mailbox of support_mail, as imaps://USER@HOST/INBOX, or imap:// for STARTTLS; each new mail in"
            " it begins or continues a conversation."
        ),
    ] = None
    support_mail_authserv: Annotated[
        str,
        Meta(
            max_length=254,
            description="Name by which your mail server begins Authentication-Results, as mx.example.com; others are"
            " not believed.",
        ),
    ] = ""
    imap_password: Annotated[
        str | None, Meta(description="The password of the user of imap_url; given in a file.")
    ] = None
    oidc_issuer: Annotated[
        str | None,
        Meta(
            description="Identity provider (OpenID Connect) by which people may log in, as https://id.example; needs"
            " public_url."
        ),
    ] = None
    oidc_client_id: Annotated[
        str | None, Meta(description="The client id that the identity provider gave.")
    ] = None
    oidc_client_secret: Annotated[
        str | None,
        Meta(description="The secret that the identity provider gave; without it this is a public client."),
    ] = None
    oidc_name: Annotated[
        str,
        Meta(
            max_length=40,
            description="What the log-in page calls the identity provider; by default its host.",
        ),
    ] = ""
    oidc_scopes: Annotated[
        tuple[str, ...], Meta(description="Scope to ask the identity provider for, beside openid.")
    ] = ("profile", "email")
    oidc_groups_claim: Annotated[
        str, Meta(min_length=1, max_length=200, description="The claim that lists a person's groups.")
    ] = "groups"
    oidc_groups: Annotated[
        tuple[str, ...],
        Meta(
            description="Group whose people have a role here (operator, moderator or admin) as of each log-in; those"
            " roles are given in no other way."
        ),
    ] = ()
    oidc_link: Annotated[
        Literal["inside", "verified"],
        Meta(
            description="How an existing account is linked: by its person in the settings (inside), or also at the"
            " first log-in by an email address that the provider has verified."
        ),
    ] = "inside"
    registration: Annotated[
        Registration,
        Meta(
            description="Who may register: anybody (open), people with an invite (chat user invite) or nobody (closed);"
            " an admin may change it later."
        ),
    ] = "open"
    lobby: Annotated[
        Lobby | None,
        Meta(
            description="Who reads the lobby: every client (open), or people who have logged in (members); by default"
            " open while registration is open; an admin may change it later."
        ),
    ] = None
    registrations_per_hour: Annotated[
        PerHour,
        Meta(
            description="People who may register from one address in an hour, 0 for any; loopback is spared; an admin"
            " may change it later.",
        ),
    ] = 10
    token_lifetime: Annotated[
        float, Meta(ge=1, le=315_360_000, description="Seconds until a token expires.")
    ] = 2_592_000.0
    max_connections: Annotated[Count, Meta(description="Most connections at one time, of each worker.")] = (
        20_000
    )
    max_connections_per_address: Annotated[
        Count, Meta(description="Most connections at one time from one address; loopback is spared.")
    ] = 200
    max_head_bytes: Annotated[Size, Meta(description="Longest head of a request, in bytes.")] = 65_536
    max_frame_bytes: Annotated[
        Size,
        Meta(description="Longest message on a socket, in bytes; a body of a request has 65,536 at most."),
    ] = 65_536
    head_timeout: Annotated[Seconds, Meta(description="Seconds for a whole request head to arrive.")] = 10.0
    handshake_timeout: Annotated[Seconds, Meta(description="Seconds for a TLS or WebSocket handshake.")] = (
        10.0
    )
    ping_interval: Annotated[Seconds, Meta(description="Seconds between two pings to a client.")] = 25.0
    pong_timeout: Annotated[Seconds, Meta(description="Seconds a client has to answer a ping.")] = 10.0
    outbox_bytes: Annotated[
        Size, Meta(description="Bytes that may wait for one slow client before it is cut.")
    ] = 1_048_576
    message_rate: Annotated[
        Rate,
        Meta(
            description="Messages a second of one person or guest, four seconds' worth at once; 0: any; an admin may"
            " change it later."
        ),
    ] = 50.0
    message_bytes: Annotated[
        ByteRate,
        Meta(
            description="Bytes of text a second of one person or guest, eight seconds' worth at once; 0: any; an admin"
            " may change it later.",
        ),
    ] = 65_536
    read_rate: Annotated[
        Rate,
        Meta(
            description="Pages of history (100 messages) a second for one person, four seconds' worth at once;"
            " 0: any; an admin may change it later."
        ),
    ] = 10.0
    call_rate: Annotated[
        Rate,
        Meta(
            description="HTTP calls a second of one network address, three seconds' worth at once; others wait for"
            " their turn; loopback is spared; 0: any; an admin may change it later."
        ),
    ] = 5.0
    commit_timeout: Annotated[Seconds, Meta(description="Seconds for messages to be committed.")] = 5.0
    query_timeout: Annotated[Seconds, Meta(description="Seconds for a query that reads.")] = 5.0
    pool_size: Annotated[
        int, Meta(ge=1, le=1000, description="Most connections to PostgreSQL, of each worker.")
    ] = 8
    direct_trust_from: Annotated[
        bool,
        Meta(
            description="For labs only: let clients of the direct protocol send as any person, without a check."
        ),
    ] = False
    workers: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            description="Processes that serve the clients; auto: one for each core that is usable.",
        ),
    ] = 1
    restart_spread: Annotated[
        Seconds,
        Meta(
            description="Seconds over which the clients of a worker that is replaced (SIGUSR2) are sent away."
        ),
    ] = 10.0
    grace: Annotated[Seconds, Meta(description="Seconds for goodbyes when the server stops.")] = 5.0
    traces: Annotated[
        str | None,
        Meta(
            description="Collector of OpenTelemetry traces (OTLP over HTTP), as http://127.0.0.1:4318; needs the extra"
            " otel."
        ),
    ] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="Least severe lines that are logged: debug, info, warning or error."),
    ] = "info"
    log_addresses: Annotated[
        Literal["full", "masked", "none"],
        Meta(
            description="Clients' addresses in the log: full, masked (their network: /24, IPv6 /48) or none."
        ),
    ] = "full"
    log_format: Annotated[
        Literal["auto", "text", "json"],
        Meta(description="text, json, or auto: text on a terminal, JSON otherwise."),
    ] = "auto"

    @property
    def listeners(self) -> tuple[Listen, ...]:
        """Every address to accept on, those of IRC after the others."""
        streams = (("plain", self.irc), ("tls", self.irc_tls))
        of_irc = [msgspec.structs.replace(at, dialect="irc", stream=how) for how, at in streams if at]
        return *self.listen, *of_irc

    def files_beside(self, data: Path | None) -> Path | None:
        """Return the directory of files; None: no directory is common to all servers. Sync and pure."""
        if self.files is not None or self.bus is not None or data is None:
            return self.files
        return data / "files"

    def mail_server(self) -> MailServer | None:
        """Return the mail server; None: there is none. Raises ConfigError. Sync and pure."""
        if self.mail_url is None:
            if self.imap_url is not None or self.support_mail:
                raise ConfigError("imap_url and support_mail: need mail_url too, to answer")
            return None
        try:
            server = mail_server(self.mail_url, self.mail_from)
            if self.imap_url is None:
                if self.support_mail:
                    raise ConfigError("support_mail: needs imap_url too, where its mails arrive")
                return server
            inbox = mailbox(
                self.imap_url, self.support_mail, self.imap_password or "", self.support_mail_authserv
            )
            return msgspec.structs.replace(server, mailbox=inbox)
        except ValueError as error:
            raise ConfigError(str(error)) from None

    def identity_provider(self) -> IdentityProvider | None:
        """Return the identity provider; None: there is none. Raises ConfigError. Sync and pure."""
        if self.oidc_issuer is None:
            return None
        try:
            return identity_provider(
                self.oidc_issuer,
                self.oidc_client_id,
                self.oidc_client_secret,
                self.oidc_name,
                self.oidc_scopes,
                self.oidc_groups_claim,
                self.oidc_groups,
                links_by_address=self.oidc_link == "verified",
            )
        except ValueError as error:
            raise ConfigError(str(error)) from None

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, _shown(name, getattr(self, name))) for name in self.__struct_fields__]

    def __repr__(self) -> str:
        return f"Config({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


FIELDS: dict[str, FieldInfo] = {field.name: field for field in msgspec.structs.fields(Config)}


SECRETS = ("secret", "previous_secret", "oidc_client_secret", "imap_password")
"""Settings that are given in a file, and never as a flag's value: everybody on the machine can read that."""


def _shown(name: str, value: object) -> object:
    # A URL may contain a password in several places: none of it is shown.
    return (
        "***"
        if name in (*SECRETS, "database_url", "bus", "mail_url") and value not in (None, "notify")
        else value
    )


def notes(name: str) -> Iterable[Meta]:
    """Return the metadata of the field `name`: its bounds and description."""
    return (note for note in get_args(FIELDS[name].type)[1:] if isinstance(note, Meta))


def describe(name: str) -> str:
    """Return the one-line description of the field `name`, the last one of its metadata."""
    return [note.description for note in notes(name) if note.description is not None][-1]


def variable(name: str) -> str:
    """Return the environment variable of the field `name`."""
    return "CHAT_" + name.upper()


def flag(name: str) -> str:
    """Return the command-line flag of the field `name`; repeatable ones are in the singular."""
    special = {
        "database_url": "database",
        "origins": "origin",
        "widget_origins": "widget-origin",
        "trusted_proxies": "trusted-proxy",
        "postgres_settings": "postgres-setting",
    }
    return "--" + special.get(name, name.replace("_", "-"))
