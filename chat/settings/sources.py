"""Reads the settings. Flags override environment variables, which override a TOML file.

An unknown key or a value of the wrong type is an error that names the key as it was written. No error quotes a secret
or a database URL.
"""

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec

from chat.domain.text.wrong_values import wrong_value
from chat.settings.config import FIELDS, SECRETS, Config, ConfigError, describe, flag, variable
from chat.settings.cores import usable_cores
from chat.settings.listen import Listen

SHORTEST_SECRET = 32
"""Bytes; a shorter key is weaker than the HS256 that it is used for (RFC 7518, section 3.2)."""

TOKEN = "CHAT_TOKEN"
"""Not a setting: an admin's token for commands that call a server over HTTP."""

_SERVICE_LINK = re.compile(
    r"CHAT_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
    r"|CHAT_(\w+_)?PORT=(tcp|udp|sctp)://.*"
)
"""Variables, the last with its value, that Kubernetes sets in each container for a Service named chat or chat-…."""


_SECRET_FILES = tuple(f"{name}_file" for name in SECRETS)


class Given(NamedTuple):
    """A value, with its key as it was written."""

    spelling: str
    value: object
    typed: bool = False
    """Whether the source has types, so that "12" is not a number there."""


def read_config(flags: Mapping[str, object], environ: Mapping[str, str]) -> Config:
    """Merge the three sources into a validated record. Raises ConfigError.

    The keys of `flags` are field names, `config` (the TOML file) and `secret_file` with its kin; None and () count
    as not given, like an empty environment variable. Relative paths start at the working directory.
    """
    by_flag = {name: Given(flag(name), value) for name, value in flags.items() if value not in (None, ())}
    by_variable = {
        name.removeprefix("CHAT_").lower(): Given(name, value)
        for name, value in environ.items()
        if name.startswith("CHAT_") and name != TOKEN and value and not _is_service_link(name, value)
    }
    file_by_variable = by_variable.pop("config", None)
    file = by_flag.pop("config", None) or file_by_variable
    given: dict[str, Given] = {}
    for source in (_read_toml(file) if file else {}, by_variable, by_flag):
        _refuse_unknown(source)
        given |= _with_secrets_read(source)
    config = Config(**{name: _converted(name, setting) for name, setting in given.items()})
    config.mail_server()  # raises
    config.identity_provider()  # raises
    if config.postgres_settings and config.database_url:
        raise ConfigError(
            f"{given['postgres_settings'].spelling}: is for the server's own PostgreSQL; set it in that of"
            f" {given['database_url'].spelling}"
        )
    if config.backup_wal and config.database_url:
        raise ConfigError(
            f"{given['backup_wal'].spelling}: is for the server's own PostgreSQL; whoever operates that of"
            f" {given['database_url'].spelling} archives its WAL"
        )
    if config.backup_wal and config.backup is None:
        raise ConfigError(
            f"{given['backup_wal'].spelling}: needs {flag('backup')} ({variable('backup')}) too"
        )
    if config.backup_wal and config.backup_recipient:
        raise ConfigError(
            f"{given['backup_wal'].spelling}: archives unencrypted, so leave {given['backup_recipient'].spelling} out,"
            " and put the backups on an encrypted disk"
        )
    if config.irc_tls is not None and config.tls_cert is None:
        raise ConfigError(
            f"{given['irc_tls'].spelling}: needs {flag('tls_cert')} ({variable('tls_cert')}) too"
        )
    for one, other in (("tls_cert", "tls_key"), ("tls_key", "tls_cert")):
        if getattr(config, one) and not getattr(config, other):
            raise ConfigError(f"{given[one].spelling}: needs {flag(other)} ({variable(other)}) too")
    return config


def _read_toml(file: Given) -> dict[str, Given]:
    try:
        table = tomllib.loads(_read(file))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file.spelling}: {file.value} is not TOML: {error}") from None
    return {key: Given(f"{key} in {file.value}", value, typed=True) for key, value in table.items()}


def _with_secrets_read(source: dict[str, Given]) -> dict[str, Given]:
    for name in SECRETS:
        file = source.pop(f"{name}_file", None)
        if file is None:
            continue
        if name in source:
            raise ConfigError(f"{file.spelling}: {source[name].spelling} is given too; give one")
        source |= {name: Given(file.spelling, _read(file).rstrip("\r\n"))}
    return source


def _read(file: Given) -> str:
    try:
        return Path(os.path.expanduser(str(file.value))).read_bytes().decode()
    except OSError as error:
        raise ConfigError(f"{file.spelling}: cannot read {file.value}: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{file.spelling}: {file.value} is not UTF-8 text") from None


def _is_service_link(name: str, value: str) -> bool:
    return bool(_SERVICE_LINK.fullmatch(name) or _SERVICE_LINK.fullmatch(f"{name}={value}"))


def _refuse_unknown(source: dict[str, Given]) -> None:
    known = [*FIELDS, *_SECRET_FILES]
    for name in sorted(source.keys() - set(known)):
        spelling = source[name].spelling
        meant = difflib.get_close_matches(name.lower(), known, n=1)
        if meant and spelling.startswith("CHAT_"):
            meant = [variable(meant[0])]
        raise ConfigError(f"{spelling}: unknown setting" + (f"; is {meant[0]} meant?" if meant else ""))


def _converted(name: str, given: Given) -> Any:  # noqa: ANN401 - as many types as there are fields
    parse = PARSERS.get(name)
    try:
        for item in _items(given.value):
            _refuse_odd_text(item)
        value = parse(given.value) if parse else given.value
        return msgspec.convert(value, FIELDS[name].type, strict=given.typed)
    except msgspec.ValidationError as error:
        wrong = wrong_value(error, FIELDS[name].type)
        raise ConfigError(f"{given.spelling}: {wrong} ({describe(name).rstrip('.')})") from None
    except ValueError as error:
        raise ConfigError(f"{given.spelling}: {error} ({describe(name).rstrip('.')})") from None


def _refuse_odd_text(value: object) -> None:
    # Surrogates stand for bytes that are not UTF-8 in a variable or a flag.
    if isinstance(value, str) and any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("not UTF-8 text without NUL")


def _items(value: object) -> Iterable[object]:
    """Return a list as it is; split text, as in variables, at commas and spaces."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    return value if isinstance(value, list | tuple) else (value,)


def _listeners(value: object) -> object:
    if not (listeners := tuple(Listen.parse(str(item)) for item in _items(value))):
        raise ValueError("expected [HOST:]PORT, got nothing")
    return listeners


def _listener(value: object) -> object:
    return Listen.parse(str(value))


def _origins(value: object) -> object:
    return tuple(_origin(str(item)) for item in _items(value))


def _origin(text: str) -> str:
    if text == "*":
        return text
    url = urlsplit(text.lower())
    # A browser sends scheme, host and port, and nothing else (RFC 6454, section 6.2).
    if (
        url.scheme not in ("http", "https")
        or not url.netloc
        or f"{url.scheme}://{url.netloc}" != text.lower()
    ):
        raise ValueError(f"expected an origin, got {text!r}")
    return text.lower()


def _networks(value: object) -> object:
    return tuple(str(ipaddress.ip_network(str(item))) for item in _items(value))


def _words(value: object) -> object:
    return tuple(str(item) for item in _items(value))


def _path(value: object) -> object:
    if value == "":
        raise ValueError("expected a path, got nothing")
    return Path(os.path.expanduser(value)).absolute() if isinstance(value, str) else value


def _database_url(value: object) -> object:
    if isinstance(value, str):
        if not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("does not start with postgresql://")
        if not _is_readable(value):
            raise ValueError(
                "is not postgresql://USER:PASSWORD@HOST:PORT/NAME; in a password : / ? # [ ] @ and % are written"
                " %3A %2F %3F %23 %5B %5D %40 and %25, or it is left out and given in PGPASSWORD"
            )
    return value


def _postgres_settings(value: object) -> object:
    settings = tuple(str(item) for item in _items(value))
    for setting in settings:
        if not re.fullmatch(r"[A-Za-z_][\w.]*=.+", setting, re.ASCII):
            raise ValueError(f"expected NAME=VALUE, got {setting!r}")
    return settings


def _bus(value: object) -> object:
    if isinstance(value, str) and value != "notify":
        if not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("expected notify, or a URL as redis://HOST:PORT")
        if not _is_readable(value):
            raise ValueError(
                "is not redis://USER:PASSWORD@HOST:PORT/NUMBER; in a password : / ? # [ ] @ and % are written"
                " %3A %2F %3F %23 %5B %5D %40 and %25"
            )
    return value


def _traces(value: object) -> object:
    if isinstance(value, str):
        url = urlsplit(value)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError("expected the URL of a collector, as http://127.0.0.1:4318")
        if "@" in url.netloc or url.query or url.fragment:
            raise ValueError("takes no password and no query: set OTEL_EXPORTER_OTLP_HEADERS")
    return value


def _is_readable(url: str) -> bool:
    """Whether the URL is unambiguous; otherwise a part of the password could be read as a host, a port or a name.

    Then the driver would quote it in an error, or send it to a name server.
    """
    try:
        parts = urlsplit(url)
        parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        return False
    before, _, hosts = parts.netloc.rpartition("@")
    if "@" in before or "@" in parts.path or parts.fragment:
        return False
    return all(re.fullmatch(r"(\[[^]]*\]|[^:]*)(:[0-9]*)?", host) for host in hosts.split(","))


def _workers(value: object) -> object:
    return usable_cores() if value == "auto" else value


def _secret(value: object) -> object:
    if isinstance(value, str) and len(value.encode()) < SHORTEST_SECRET:
        raise ValueError(f"has under {SHORTEST_SECRET} bytes")
    return value


PARSERS: dict[str, Callable[[object], object]] = {
    "listen": _listeners,
    "irc": _listener,
    "irc_tls": _listener,
    "metrics_listen": _listener,
    "data": _path,
    "files": _path,
    "database_url": _database_url,
    "postgres_settings": _postgres_settings,
    "backup": _path,
    "bus": _bus,
    "secret": _secret,
    "previous_secret": _secret,
    "tls_cert": _path,
    "tls_key": _path,
    "origins": _origins,
    "widget_origins": _origins,
    "trusted_proxies": _networks,
    "oidc_scopes": _words,
    "oidc_groups": _words,
    "traces": _traces,
    "workers": _workers,
}
