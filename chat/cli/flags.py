"""Flags of commands, generated from the settings in `settings/config.py`."""

from collections.abc import Callable
from typing import Any, Literal, TypeVar, get_args, get_origin

import click
from msgspec import NODEFAULT

from chat.domain.limits.bounds import ByteRate, Rate
from chat.settings.config import FIELDS, SECRETS, Seconds, Size, describe, flag, variable

Command = TypeVar("Command", bound=Callable[..., Any])

METAVARS = {
    "listen": "[HOST:]PORT[=DIALECT]",
    "irc": "[HOST:]PORT",
    "irc_tls": "[HOST:]PORT",
    "metrics_listen": "[HOST:]PORT",
    "data": "DIR",
    "files": "DIR",
    "file_bytes": "BYTES",
    "database_url": "URL",
    "postgres_settings": "NAME=VALUE",
    "backup": "DIR",
    "backup_keep": "PERIODS",
    "backup_recipient": "KEY|FILE",
    "export_bytes": "BYTES",
    "secret": "FILE",
    "previous_secret": "FILE",
    "bus": "notify|URL",
    "lobby": "open|members",
    "tls_cert": "FILE",
    "tls_key": "FILE",
    "origins": "ORIGIN",
    "widget_origins": "ORIGIN",
    "widget_greeting": "TEXT",
    "trusted_proxies": "NETWORK",
    "server_name": "NAME",
    "public_url": "URL",
    "mail_url": "URL",
    "mail_from": "ADDRESS",
    "support_mail": "ADDRESS",
    "imap_url": "URL",
    "support_mail_authserv": "NAME",
    "imap_password": "FILE",
    "oidc_issuer": "URL",
    "oidc_client_id": "ID",
    "oidc_client_secret": "FILE",
    "oidc_name": "NAME",
    "oidc_scopes": "SCOPE",
    "oidc_groups_claim": "CLAIM",
    "oidc_groups": "GROUP=ROLE",
    "token_lifetime": "SECONDS",
    "traces": "URL",
    "workers": "N|auto",
}
"""Names of values in help texts, where the type does not say the unit."""

_UNITS = {
    get_args(kind)[:2]: unit
    for kind, unit in (
        (Seconds, "SECONDS"),
        (Rate, "N/SECOND"),
        (ByteRate, "BYTES/SECOND"),
        (Size, "BYTES"),
    )
}
"""Units by type and its first bound."""


def config_flags(*names: str) -> Callable[[Command], Command]:
    """Add a flag for each of these settings to a command, and `--config`.

    The command gets them by the name of the setting, as text or None: `read_config` takes them.
    """
    file = click.option("--config", metavar="FILE", help="A TOML file with settings. [CHAT_CONFIG]")
    options = [*(_option(name) for name in names), file]

    def decorate(command: Command) -> Command:
        for option in reversed(options):  # decorators apply from the last to the first
            command = option(command)
        return command

    return decorate


def utf8(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse an argument that is not UTF-8: Python has surrogates for such bytes. A callback of click."""
    if value is not None and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise click.BadParameter("not UTF-8")
    return value


def _option(name: str) -> Callable[[Command], Command]:
    if name in SECRETS:
        names = f"[{variable(name)}, or {variable(name)}_FILE for the file]"
        return click.option(f"{flag(name)}-file", metavar=metavar(name), help=f"{describe(name)} {names}")
    kind = get_args(FIELDS[name].type)[0]
    if kind is bool:
        return click.option(
            flag(name), name, is_flag=True, default=None, help=f"{describe(name)} [{variable(name)}=1]"
        )
    several = get_origin(kind) is tuple
    words = [describe(name), "May be repeated."] if several else [describe(name)]
    return click.option(
        flag(name),
        name,
        metavar=metavar(name),
        multiple=several,
        help=" ".join([*words, f"[{variable(name)}{_default(name)}]"]),
    )


def metavar(name: str) -> str:
    """Return the name of a setting's value in help texts: its unit or its form. Sync."""
    if name in METAVARS:
        return METAVARS[name]
    kind, first, *_ = get_args(FIELDS[name].type)
    if get_origin(kind) is Literal:
        return "|".join(get_args(kind))
    return _UNITS.get((kind, first), "N")


def _default(name: str) -> str:
    default = FIELDS[name].default
    if default in (None, (), "", NODEFAULT):
        return ""
    return "; " + (
        " ".join(map(str, default)) if isinstance(default, tuple) else str(default).removesuffix(".0")
    )
