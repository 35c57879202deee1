"""The only wiring: the whole server is one `async with`, and what is opened last is closed first."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import structlog
import trio
from msgspec import structs
from quart_trio import QuartTrio

from chat.beside import make_accounts
from chat.domain.accounts import Accounts
from chat.domain.administration import Administration
from chat.domain.budgets import Budgets
from chat.domain.closing import GOING_AWAY, TOO_FAR_BEHIND
from chat.domain.direct import Direct
from chat.domain.entities import Desk, Inbox
from chat.domain.ports import Storage, Users
from chat.domain.rooms import Rooms
from chat.domain.startup import CannotStart
from chat.domain.support import Support
from chat.embedded_postgres.data_directory import open_data_directory
from chat.embedded_postgres.embedded import open_embedded_postgres
from chat.engine.batch_loader import open_batch_loader
from chat.engine.broadcaster import open_broadcaster
from chat.engine.cleaner import open_cleaner
from chat.engine.deliveries import open_deliveries
from chat.engine.dialect import Dialect, by_name
from chat.engine.follower import follow_changes
from chat.engine.heartbeat import beat
from chat.engine.history import open_history
from chat.engine.hub import Hub
from chat.engine.journal import open_journal
from chat.engine.memberships import Memberships
from chat.engine.people import PeopleFollower
from chat.engine.presence import Presence
from chat.engine.session import CommandHandler, Core
from chat.gateway.http1.request import IncomingRequest
from chat.gateway.listener import open_gateway
from chat.gateway.turns import Turns
from chat.gateway.websocket.endpoint import WebSocketEndpoint
from chat.inspection.control_socket import open_control_socket
from chat.inspection.metrics import Meters
from chat.inspection.recorder import Recorder
from chat.inspection.watch import Watch, open_watch
from chat.protocols.direct.handlers import DirectMessages
from chat.protocols.direct.http import direct_routes
from chat.protocols.lines import handlers as lobby
from chat.protocols.messenger.http import messenger_routes
from chat.protocols.registry import DIALECTS
from chat.protocols.rooms.handlers import RoomSockets
from chat.protocols.rooms.http import rooms_routes
from chat.protocols.support.handlers import SupportDesk
from chat.protocols.support.http import support_routes
from chat.protocols.talker.http import talker_routes
from chat.settings.config import Config
from chat.storage.postgres.storage import open_postgres_storage
from chat.web_api.admin import admin_routes
from chat.web_api.app import create_app
from chat.web_api.metrics import create_metrics
from chat.web_api.pages import create_pages
from chat.web_api.people import people_routes

logger = structlog.get_logger(__name__)


class Server(msgspec.Struct, frozen=True):
    """A server that serves. `addresses` are its listeners' URLs.

    `renew_certificate` reads certificate and key anew, where it serves TLS; see `Gateway.renew_certificate`.
    """

    addresses: tuple[str, ...]
    renew_certificate: Callable[[Path, Path], Awaitable[None]]


@asynccontextmanager
async def open_server(config: Config) -> AsyncGenerator[Server]:
    """Serve for as long as the block lasts; leaving it stops in order, within about `config.grace` seconds.

    In order: nobody new comes in; what was accepted is saved, told and acknowledged; every client is told that
    the server goes; PostgreSQL stops. Raises CannotStart. Cancelling cuts everyone off, and loses nothing that
    was acknowledged.
    """
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(open_data_directory(config.data))
        secret = config.secret or data.secret()
        if config.database_url is None:
            postgres = await stack.enter_async_context(open_embedded_postgres(data, grace=config.grace))
            address = postgres.address
        else:
            address = {"dsn": config.database_url}
        storage = await stack.enter_async_context(
            open_postgres_storage(
                address,
                pool_size=config.pool_size,
                query_timeout=config.query_timeout,
                commit_timeout=config.commit_timeout,
            )
        )
        await _warn_of_look_alikes(storage.users)
        yield await stack.enter_async_context(open_chat(config, storage, secret, local=data.path))


async def _warn_of_look_alikes(users: Users) -> None:
    if look_alikes := await users.look_alikes():
        logger.warning(
            "accounts have names that look like an older one's",
            accounts=len(look_alikes),
            list_them_with="chat user look-alikes",
        )


@asynccontextmanager
async def open_chat(
    config: Config,
    storage: Storage,
    secret: str,
    dialects: tuple[Dialect, ...] = DIALECTS,
    *,
    local: Path | None = None,
) -> AsyncGenerator[Server]:
    """Serve on a storage that is open already; `open_server` without the database.

    `local` is the data directory in which whoever owns it may watch, if there is one.
    """
    for listen in config.listen:
        if by_name(dialects, listen.dialect) is None:
            known = ", ".join(dialect.name for dialect in dialects)
            raise CannotStart(f"no dialect is called {listen.dialect!r}: there are {known}")
    presence, meters, recorder = Presence(), Meters(), Recorder()
    turns = Turns()
    async with (
        open_deliveries(storage.rooms) as deliveries,
        open_cleaner(storage.rooms) as cleaner,
        open_batch_loader(storage.users.by_ids) as people,
        open_history(storage.rooms, storage.messages) as history,
    ):
        accounts = make_accounts(config, storage.users, people.get, secret, meters.account)
        hub = Hub(await storage.messages.newest_id())
        hub.observe(Inbox, deliveries.heard)

        def skipped(newest_id: int) -> None:
            hub.newest_id = newest_id
            presence.expel_all(TOO_FAR_BEHIND)

        meters.watch(presence.readings, hub.readings)
        async with (
            open_broadcaster(hub, meters) as broadcaster,
            open_journal(storage.messages, broadcaster, meters, skipped) as journal,
            open_watch(recorder, meters) as watch,
            trio.open_nursery() as nursery,
        ):
            rooms = Rooms(storage.users, storage.rooms, storage.messages)
            memberships = Memberships(rooms, journal, presence, on_deletion=cleaner.wake)
            direct = Direct(storage.users, storage.rooms, storage.messages, deliveries)
            handlers = _handlers(config, storage, rooms, direct, presence, hub)
            budgets = Budgets(
                messages=config.message_rate,
                text=config.message_bytes,
                pages=config.read_rate,
                calls=config.call_rate,
                refused=meters.over_budget,
            )
            core = Core(
                accounts,
                history,
                journal,
                hub,
                handlers,
                meters,
                budgets,
                lobby_needs_login=config.lobby == "members",
            )
            endpoint = WebSocketEndpoint(config, dialects, core, presence, recorder)
            app = _app(
                config,
                storage,
                accounts,
                budgets,
                rooms,
                memberships,
                presence,
                meters,
                watch,
                dialects,
                turns,
            )
            nursery.start_soon(_beat, presence, config)
            followed = PeopleFollower(accounts, presence, direct.gone)
            nursery.start_soon(follow_changes, storage, followed, memberships)
            async with (
                _open_metrics(config, meters),
                _open_control_socket(local, watch, storage),
                open_gateway(
                    config,
                    app,
                    endpoint.serve,
                    on_stop=lambda: presence.close_all(GOING_AWAY),
                    meters=meters,
                    turns=turns,
                ) as gateway,
            ):
                yield Server(gateway.addresses, gateway.renew_certificate)
            nursery.cancel_scope.cancel(reason="the server has stopped")


def _handlers(
    config: Config, storage: Storage, rooms: Rooms, direct: Direct, presence: Presence, hub: Hub
) -> Mapping[type, CommandHandler]:
    """Return what is done for each command, of whichever dialect."""
    desk = SupportDesk(Support(storage.users, storage.rooms, storage.messages))
    hub.observe(Desk, desk.heard)
    presence.observe(desk.role_changed)
    return {
        **lobby.HANDLERS,
        **desk.handlers,
        **DirectMessages(direct, trust_from=config.direct_trust_from).handlers,
        **RoomSockets(rooms).handlers,
    }


def _app(
    config: Config,
    storage: Storage,
    accounts: Accounts,
    budgets: Budgets,
    rooms: Rooms,
    memberships: Memberships,
    presence: Presence,
    meters: Meters,
    watch: Watch,
    dialects: tuple[Dialect, ...] = DIALECTS,
    turns: Turns | None = None,
) -> QuartTrio:
    """Return the HTTP side of all dialects, the pages, and the metrics unless they have a port of their own."""
    routes = [
        talker_routes(accounts),
        messenger_routes(accounts),
        support_routes(accounts),
        direct_routes(accounts),
        rooms_routes(accounts, budgets, rooms, memberships, presence),
        admin_routes(accounts, budgets, watch),
        people_routes(accounts, Administration(storage.users, accounts), budgets),
    ]
    metrics = [] if config.metrics_listen else [create_metrics(meters)]
    paths = [dialect.path for dialect in dialects]
    pages = create_pages(storage.ping, routes, paths, registration=config.registration, lobby=config.lobby)
    return create_app([pages, *metrics, *(part.blueprint for part in routes)], budgets, turns)


@asynccontextmanager
async def _open_metrics(config: Config, meters: Meters) -> AsyncGenerator[None]:
    """Serve the metrics on a port of their own, if they have one."""
    if config.metrics_listen is None:
        yield
        return
    alone = structs.replace(config, listen=(config.metrics_listen,), tls_cert=None, tls_key=None)
    async with open_gateway(alone, create_app([create_metrics(meters)]), _no_socket, on_stop=lambda: None):
        yield


@asynccontextmanager
async def _open_control_socket(data: Path | None, watch: Watch, storage: Storage) -> AsyncGenerator[None]:
    """Answer whoever owns the data directory, if there is one."""
    if data is None:
        yield
        return
    async with open_control_socket(data, watch, storage.ping):
        yield


async def _no_socket(_request: IncomingRequest) -> None:
    """No WebSocket is spoken on the metrics' port: the gateway closes the connection."""
    await trio.lowlevel.checkpoint()


async def _beat(presence: Presence, config: Config) -> None:
    await beat(presence, interval=config.ping_interval, patience=config.pong_timeout)
