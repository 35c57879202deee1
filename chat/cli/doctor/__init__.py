"""`chat doctor`: checks settings, machine, database, and with --url the way to the server; a line for each."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click

from chat.cli.command_failed import CommandFailed
from chat.cli.doctor.backups import check_backups, check_proof, check_wal
from chat.cli.doctor.contradictions import check_settings
from chat.cli.doctor.database import check_database
from chat.cli.doctor.finding import Finding, fail, ok
from chat.cli.doctor.machine import check_machine
from chat.cli.doctor.mail import check_mail
from chat.cli.doctor.request_mark import request_mark
from chat.cli.doctor.site import Site, check_site
from chat.cli.flags import config_flags
from chat.cli.server_query import server_query
from chat.cli.standard_streams import echo_if_possible
from chat.settings.config import Config, ConfigError
from chat.settings.sources import read_config


@click.command()
@click.option(
    "--url", metavar="URL", help="The address at which people reach the server, as https://chat.example."
)
@click.option(
    "--connect-to", metavar="HOST[:PORT]", help="Connect there instead of the URL's host, with its name."
)
@click.option(
    "--backups", metavar="DIR", help="Check that a backup in this directory is at most 26 hours old."
)
@click.option("--quiet", is_flag=True, help="Print only what has to be done.")
@config_flags("data", "database_url")
def doctor(
    url: str | None, connect_to: str | None, backups: str | None, quiet: bool, **flags: object
) -> None:
    """Check a server and its surroundings, one line each.

    Run it on the server's machine, as its user and with its settings. It checks settings, space, fsync, clock and
    certificate, the database and its connections, and the mail server. With --url it also sends requests to the public
    address: it checks the certificate, the proxy's headers, and that WebSockets and the longest files pass.

    Exits with 0 if nothing has to be done, otherwise with 1.
    """
    site = None if url is None else _site(url, connect_to)
    has_work = False
    for finding in _check(site, backups, flags):
        has_work |= finding.level != "ok"
        if finding.level != "ok" or not quiet:
            echo_if_possible(f"{finding.level:<4}  {finding.subject}: {finding.text}")
    sys.exit(1 if has_work else 0)


def _check(site: Site | None, backups: str | None, flags: dict[str, object]) -> Iterator[Finding]:
    try:
        config = read_config(flags, os.environ)
    except ConfigError as error:
        yield fail("settings", f"{error}; correct it, the server would not start")
        return
    yield from check_settings(config)
    yield _server(config)
    yield from check_machine(config)
    yield from check_database(config)
    directory = config.backup if backups is None else Path(backups)
    if directory is not None:
        yield check_backups(directory)
    if config.backup is not None:
        yield from check_proof(config.data)
    yield from check_wal(config)
    yield from check_mail(config)
    if site is not None:
        yield from _check_site(config, site)


def _server(config: Config) -> Finding:
    try:
        server_query(None, False, data=str(config.data))("health")
    except CommandFailed as error:
        return fail("server", str(error))
    return ok("server", "runs and is ready")


def _check_site(config: Config, site: Site) -> Iterator[Finding]:
    try:
        with request_mark(config.data) as mark:
            yield from check_site(config, site, mark)
    except OSError as error:
        yield fail("proxy", f"cannot write in {config.data}: {error.strerror}; run this as the server's user")


def _site(url: str, connect_to: str | None) -> Site:
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.path in ("", "/")
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        is_valid, port = False, 0
    if not is_valid:
        raise click.UsageError(f"--url: expected https://HOST, got {url!r}")
    if connect_to is None:
        return Site(url.rstrip("/"), None)
    host, _, own_port = connect_to.rpartition(":") if ":" in connect_to else (connect_to, "", "")
    if own_port and not own_port.isdecimal():
        raise click.UsageError(f"--connect-to: expected HOST[:PORT], got {connect_to!r}")
    return Site(url.rstrip("/"), (host, int(own_port) if own_port else port))
