"""Checks of the database: whether it answers and keeps what it commits, and whether its connections suffice."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import asyncpg

from chat.cli.doctor.finding import Finding, fail, ok, warn
from chat.cli.doctor.identity_provider import check_identity_provider
from chat.domain.startup import CannotStart
from chat.embedded_postgres.embedded import running_address
from chat.settings.config import Config

_TIMEOUT = 5.0
"""Seconds to connect, and for the query."""

_OUT_OF_STEP = 2.0
"""Seconds by which the clocks of database and server may differ."""

_BESIDE_POOL = 2
"""Connections of a worker beside its pool: the journal's and the one that LISTENs."""

_FACTS = """
SELECT extract(epoch FROM clock_timestamp())::float8 AS now,
       current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
       current_setting('max_connections')::integer AS most,
       current_setting('superuser_reserved_connections')::integer AS reserved,
       (SELECT count(*) FROM nodes WHERE lease_ends > now())::integer AS servers,
       (SELECT value #>> '{}' FROM settings WHERE name = 'public_url') AS public_url,
       (SELECT value #>> '{}' FROM settings WHERE name = 'login') AS login,
       (SELECT value::text FROM settings WHERE name = 'outbound_hosts') AS outbound_hosts"""

_LINKED_ADMINS = """
SELECT EXISTS (
    SELECT FROM identities JOIN users ON id = user_id
    WHERE is_admin AND disabled_at IS NULL AND deleted_at IS NULL AND issuer = $1
)"""


def check_database(config: Config) -> Iterator[Finding]:
    """Yield what is found about the database."""
    if config.database_url is not None:
        address: dict[str, Any] = {"dsn": config.database_url}
    else:
        try:
            address = running_address(config.data)
        except CannotStart:
            yield fail("database", "no server runs here, and with it no PostgreSQL: start the server")
            return
    try:
        facts = asyncio.run(_read(address, config.oidc_issuer))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        yield fail(
            "database", f"does not answer: {error or type(error).__name__}; start it, or correct database_url"
        )
        return
    yield from judge(config, facts)
    yield from check_identity_provider(config, facts)


def judge(config: Config, facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what the facts of a database mean for these settings. Sync and pure."""
    unsafe = [name for name in ("fsync", "full_page_writes") if facts[name] != "on"]
    if unsafe:
        yield fail(
            "database", f"may lose acknowledged messages at a power failure: turn {' and '.join(unsafe)} on"
        )
    else:
        yield ok("database", "answers, and keeps what it commits")
    apart = abs(facts["ahead"])
    if apart > _OUT_OF_STEP:
        yield warn(
            "database's clock", f"differs from this machine's by {apart:.0f} s: synchronise both by NTP"
        )
    if config.mail_url is not None and not (facts.get("public_url") or config.public_url):
        yield warn(
            "public address",
            "not known, so links in mails are not sent: `chat setting set public_url https://…`",
        )
    servers, free = max(facts["servers"], 1), facts["most"] - facts["reserved"]
    each = config.workers * (config.pool_size + _BESIDE_POOL)
    # The parent of workers has no connection of its own; `chat` commands need two.
    needed = servers * each + 2
    text = f"{needed} needed ({servers} × {config.workers} × ({config.pool_size} + {_BESIDE_POOL}) + 2), {free} allowed"
    if needed > free:
        yield warn("database connections", f"{text}: raise max_connections, or lower pool_size")
    else:
        yield ok("database connections", text)


async def _read(address: Mapping[str, Any], issuer: str | None) -> dict[str, Any]:
    connection = await asyncpg.connect(**address, timeout=_TIMEOUT, command_timeout=_TIMEOUT)
    try:
        row = await connection.fetchrow(_FACTS)
        assert row is not None
        hosts = json.loads(row["outbound_hosts"] or "[]")
        linked = issuer is not None and await connection.fetchval(_LINKED_ADMINS, issuer)
        ahead = row["now"] - time.time()
        return {**row, "ahead": ahead, "outbound_hosts": hosts, "linked_admins": linked}
    finally:
        await connection.close(timeout=_TIMEOUT)
