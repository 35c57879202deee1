"""Wires the services for commands on a server's data, whether or not it runs. It imports no HTTP, so it loads fast."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from chat.domain.accounts.accounts import Accounts
from chat.domain.accounts.logins import LoginFailed
from chat.domain.accounts.passwords import Passwords
from chat.domain.accounts.tokens import Tokens
from chat.domain.administration.administration import Administration
from chat.domain.entities import Person
from chat.domain.limits.registrations import Registrations
from chat.domain.limits.shared_usage import SharedUsage
from chat.domain.limits.throttle import Throttle
from chat.domain.ports import Nodes, Sessions, Settings, Users
from chat.domain.rooms.moderation import Moderation
from chat.embedded_postgres.data_directory import AlreadyRunning, open_data_directory
from chat.embedded_postgres.embedded import open_embedded_postgres, running_address
from chat.settings.config import Config
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.exports import PostgresExports
from chat.storage.postgres.storage import open_shared_postgres_storage


class DataAccess(msgspec.Struct, frozen=True):
    """The services that commands use on a server's data."""

    accounts: Accounts
    people: Administration
    moderation: Moderation
    nodes: Nodes
    settings: Settings
    sessions: Sessions
    exports: PostgresExports
    files: Path | None
    """The directory of files, if it is known here."""
    public_url: str
    """As given to the command; an admin's setting takes precedence."""


@asynccontextmanager
async def open_data_access(config: Config) -> AsyncGenerator[DataAccess]:
    """Open a server's data for a command, also while the server runs. Raises CannotStart.

    Cancelling closes the database, and stops one that was started for this.
    """
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(open_address(config))
        storage = await stack.enter_async_context(
            open_shared_postgres_storage(address, query_timeout=config.query_timeout)
        )
        # Commands issue no tokens.
        accounts = make_accounts(config, storage.users, storage.users.by_id, secret="")
        moderation = Moderation(storage.rooms, storage.messages)
        administration = Administration(storage.users, storage.sessions, storage.audit, accounts)
        yield DataAccess(
            accounts,
            administration,
            moderation,
            storage.nodes,
            storage.settings,
            storage.sessions,
            storage.exports,
            config.files_beside(config.data),
            config.public_url,
        )


@asynccontextmanager
async def open_address(config: Config) -> AsyncGenerator[DatabaseAddress]:
    """Provide the address of a server's database for the block, also while the server runs. Raises CannotStart.

    The embedded PostgreSQL is started if no server runs it. Cancelling stops one that was started for this.
    """
    async with AsyncExitStack() as stack:
        if config.database_url is not None:
            address: DatabaseAddress = {"dsn": config.database_url}
        else:
            try:
                data = await stack.enter_async_context(open_data_directory(config.data))
                postgres = await stack.enter_async_context(
                    open_embedded_postgres(data, grace=config.grace, settings=config.postgres_settings)
                )
                address = postgres.address
            except AlreadyRunning:
                address = running_address(config.data)
        yield address


def make_accounts(
    config: Config,
    users: Users,
    person: Callable[[int], Awaitable[Person | None]],
    secret: str,
    happened: Callable[[str], object] = lambda _what: None,
    shared_usage: SharedUsage | None = None,
    *,
    sessions: Sessions | None = None,
    whose_session: Callable[[int], Awaitable[int | None]] | None = None,
    login_failed: LoginFailed = lambda _person, _address: None,
) -> Accounts:
    """Return the accounts for these settings; the other arguments are those of `Accounts`."""
    if shared_usage is not None:
        shared_usage.bans.spare(config.trusted_proxies)
    return Accounts(
        users,
        Passwords(config.bcrypt_cost),
        Tokens(secret, config.token_lifetime, previous=config.previous_secret),
        Throttle(shared_usage=shared_usage),
        Registrations(config.registrations_per_hour, shared_usage=shared_usage),
        min_password=config.min_password,
        registration=config.registration,
        person=person,
        sessions=sessions,
        whose_session=whose_session,
        happened=happened,
        login_failed=login_failed,
        code_throttle=Throttle(shared_usage=shared_usage, what="codes"),
    )
