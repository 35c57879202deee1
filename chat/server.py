"""The only wiring: the whole server is one `async with`, and what is opened last is closed first."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import structlog
import trio

from chat.backup.beside_server import open_backups
from chat.backup.nightly import backup_facts
from chat.backup.state import backup_readings
from chat.backup.wal_state import wal_readings
from chat.cluster_config import open_cluster_config
from chat.data_access import make_accounts
from chat.domain.closing import GOING_AWAY, RESTARTING
from chat.domain.limits.budgets import SEARCH_TIME, SEARCHES, UPLOADS, Budgets
from chat.domain.limits.shared_usage import SharedUsage
from chat.domain.ports import Storage
from chat.domain.startup import CannotStart
from chat.domain.text import skeletons
from chat.embedded_postgres.data_directory import open_data_directory
from chat.embedded_postgres.embedded import open_embedded_postgres
from chat.engine.batch_loader import open_batch_loader
from chat.engine.cluster.servers import ClusterConfig
from chat.engine.dialect import by_name
from chat.engine.engine import open_engine
from chat.engine.services import EngineServices
from chat.features.feature import Feature, open_due
from chat.features.registry import FEATURES
from chat.gateway.fair_scheduler import FairScheduler
from chat.gateway.listener import open_gateway
from chat.gateway.websocket.endpoint import WebSocketEndpoint
from chat.http_side import http_app, open_metrics
from chat.inspection.control_path import SOCKET
from chat.inspection.control_socket import open_control_socket
from chat.inspection.figures import Figures, ReadDatabase
from chat.inspection.inspection import Inspection, OwnInspection
from chat.inspection.loop_lag import measure_lag
from chat.inspection.metrics import Metrics
from chat.inspection.recorder import Recorder
from chat.inspection.watch import open_watch
from chat.protocols.protocol import ChatProtocol, StreamProtocol
from chat.protocols.registry import PROTOCOLS, STREAMS
from chat.protocols.services import services_of
from chat.settings.config import Config
from chat.settings.of_commands import environment_of_transfers
from chat.start_notices import tell_set_up_code, warn_of_look_alikes
from chat.storage.archives import archives_beside
from chat.storage.file_store import open_file_store
from chat.storage.postgres.storage import open_postgres_storage
from chat.workers.worker_context import WorkerContext

if TYPE_CHECKING:
    from chat.inspection.traces import Traces

logger = structlog.get_logger(__name__)


async def _no_set_up_code() -> None:
    """Return None: there is nothing to set up."""


class Server(msgspec.Struct, frozen=True):
    """A running server.

    Attributes:
        addresses: the URLs of its listeners.
        renew_certificate: reads certificate and key again, with TLS; see `Gateway.renew_certificate`.
        send_away: accepts no more clients, and closes all sockets, evenly over so many seconds.
        set_up_code: returns the code that makes the first admin; None: there is one. It may raise StorageDown.
        newest_id: returns the newest id of the log that was published here.
        services: what features run on beside the server.
    """

    addresses: tuple[str, ...]
    renew_certificate: Callable[[Path, Path], Awaitable[None]]
    send_away: Callable[[float], Awaitable[None]]
    set_up_code: Callable[[], Awaitable[str | None]] = _no_set_up_code
    newest_id: Callable[[], int] = int
    services: EngineServices | None = None

    async def reload(self, config: Config) -> None:
        """Do nothing: a server of one process has no workers."""

    def restart(self) -> None:
        """Do nothing: a server of one process has no successor."""


@asynccontextmanager
async def open_server(config: Config, worker: WorkerContext | None = None) -> AsyncGenerator[Server]:
    """Serve for as long as the block lasts; leaving it stops in order, within about `config.grace` seconds.

    In order: no new clients; accepted writes are committed, published and acknowledged; every client gets a close
    frame; PostgreSQL stops. Raises CannotStart. Cancelling cuts all clients, and loses no acknowledged write.

    A worker gets data directory, PostgreSQL and sockets from its parent: `worker` has them, and they stay open.
    """
    async with AsyncExitStack() as stack:
        traces = await stack.enter_async_context(_open_traces(config.traces))
        if worker is not None:
            local, secret, address = worker.data, worker.secret, worker.address
        else:
            data = await stack.enter_async_context(open_data_directory(config.data))
            local, secret = data.path, config.secret or data.secret()
            if config.database_url is None:
                postgres = await stack.enter_async_context(
                    open_embedded_postgres(data, grace=config.grace, settings=config.postgres_settings)
                )
                address = postgres.address
            else:
                address = {"dsn": config.database_url}
        metrics = Metrics()
        if worker is None:
            await stack.enter_async_context(open_backups(config, address))
        storage = await stack.enter_async_context(
            open_postgres_storage(
                address,
                pool_size=config.pool_size,
                query_timeout=config.query_timeout,
                commit_timeout=config.commit_timeout,
                shared=config.bus is not None,
                features=FEATURES,
                query_watch=metrics,
            )
        )
        metrics.watch(storage.readings)
        if traces is not None:
            traces.follow_queries(storage.database)
        await warn_of_look_alikes(storage.users)
        cluster_config = await stack.enter_async_context(open_cluster_config(config, address, secret, worker))
        server = await stack.enter_async_context(
            open_chat(
                config,
                storage,
                secret,
                cluster_config=cluster_config,
                local=local,
                worker=worker,
                metrics=metrics,
                # They are those of all workers.
                read_database=storage.figures if worker is None or worker.number == 1 else None,
                traces=traces,
            )
        )
        await stack.enter_async_context(_open_lag_meter(metrics))
        if server.services is not None:
            for feature in FEATURES:
                if feature.open is not None:
                    await stack.enter_async_context(feature.open(server.services))
            due = open_due(server.services, FEATURES, has_others=config.bus is not None)
            await stack.enter_async_context(due)
        if worker is None or worker.number == 1:  # the first worker logs it for all
            await tell_set_up_code(server.set_up_code, config.public_url or server.addresses[0])
        yield server


@asynccontextmanager
async def open_chat(
    config: Config,
    storage: Storage,
    secret: str,
    protocols: Sequence[ChatProtocol] = PROTOCOLS,
    features: Sequence[Feature] = FEATURES,
    streams: Sequence[StreamProtocol] = STREAMS,
    *,
    cluster_config: ClusterConfig | None = None,
    local: Path | None = None,
    worker: WorkerContext | None = None,
    metrics: Metrics | None = None,
    read_database: ReadDatabase | None = None,
    traces: "Traces | None" = None,
) -> AsyncGenerator[Server]:
    """Serve on a storage that is open already; `open_server` without the database.

    Args:
        config: the settings.
        storage: the open storage.
        secret: signs tokens.
        protocols: the protocols that the listeners may speak.
        features: the features that the storage was opened with.
        streams: the protocols with listeners of their own.
        cluster_config: how this server joins others on that storage, if it does.
        local: the data directory, if there is one: it holds the control socket, and files.
        worker: what a worker gets from its parent. Over HTTP it answers for all workers.
        metrics: where this server counts.
        read_database: reads the figures of the database for the metrics.
        traces: follows requests and messages.

    Raises CannotStart. Cancelling cuts everyone off.
    """
    skeletons.read_tables()  # takes a moment, before there are clients
    dialects = tuple(protocol.dialect for protocol in protocols)
    for listen in config.listen:
        if by_name(dialects, listen.dialect) is None:
            known = ", ".join(dialect.name for dialect in dialects)
            raise CannotStart(f"no dialect is called {listen.dialect!r}: there are {known}")
    slot = None if worker is None else worker.slot
    metrics, recorder, scheduler = (
        metrics or Metrics(),
        Recorder(slot.next_connection if slot else None),
        FairScheduler(),
    )
    shared_usage = SharedUsage(has_others=cluster_config is not None)
    directory = config.files_beside(local) if config.file_bytes else config.files
    files = None if directory is None else await open_file_store(directory, await storage.files.store_id())
    place = config.files_beside(local)
    archives = archives_beside(place, files, config.export_bytes, environment_of_transfers(config, place))
    async with (
        open_batch_loader(storage.sessions.living) as logins,
        open_engine(
            storage,
            lambda person, login_failed: make_accounts(
                config,
                storage.users,
                person,
                secret,
                metrics.account,
                shared_usage,
                sessions=storage.sessions,
                whose_session=logins.get,
                login_failed=login_failed,
            ),
            budgets=_budgets(config, metrics, shared_usage),
            metrics=metrics,
            features=features,
            cluster_config=cluster_config,
            shared_usage=shared_usage,
            file_store=files,
            file_bytes=config.file_bytes,
            archives=archives,
            ping_interval=config.ping_interval,
            pong_timeout=config.pong_timeout,
            widget_origins=config.widget_origins,
            server_name=config.server_name,
            public_url=config.public_url,
            mail=config.mail_server(),
            provider=config.identity_provider(),
            widget_greeting=config.widget_greeting,
            lobby=config.lobby,
            local=local,
            erasing_settled_after=2 * config.commit_timeout,
        ) as engine,
        open_watch(recorder, metrics) as watch,
    ):
        if files is None and config.file_bytes and config.bus is not None:
            logger.info("uploads are off: several servers need a shared directory for files (--files)")
        services = services_of(
            engine,
            direct_trust_from=config.direct_trust_from,
            frame_bytes=config.max_frame_bytes,
            backups=partial(backup_facts, config, config.data),
            **({} if traces is None else {"handler_of": traces.handler_of}),
        )
        clients = {protocol.dialect: protocol.open(services) for protocol in protocols}
        clients |= {stream.dialect: stream.open(services) for stream in streams}
        if traces is not None:
            clients = {dialect: traces.of_sessions(make) for dialect, make in clients.items()}
        context = engine.session_context(clients)
        presence = engine.presence
        endpoint = WebSocketEndpoint(config, dialects, context, presence, recorder)
        servers = {each.dialect.name: each.server(config, context, presence, recorder) for each in streams}

        async def check_health() -> None:
            await storage.ping()
            engine.check_ready()

        figures = None
        if read_database is not None:
            figures = Figures(
                read_database,
                _directories(config, local, directory),
                lambda: (*backup_readings(config.data), *wal_readings(config.data)),
            )
            metrics.watch(figures.readings)
        own = OwnInspection(watch, metrics, check_health, figures)
        everybody: Inspection = own if worker is None else worker.everybody
        app = http_app(config, storage, engine, services, everybody, protocols, scheduler, features)
        if traces is not None:
            traces.follow_http(app)
            traces.follow_log_ins(engine.accounts)
            traces.follow_writes(engine.journal, storage.messages, engine.hub)
        name = SOCKET if worker is None else worker.socket_name
        async with (
            open_metrics(config, everybody, worker),
            nullcontext() if local is None else open_control_socket(local, own, name),
            open_gateway(
                config,
                app,
                endpoint.serve,
                on_stop=lambda: presence.close_all(GOING_AWAY),
                metrics=metrics,
                scheduler=scheduler,
                bounds=None if worker is None else worker.bounds,
                slot=slot,
                streams=servers,
            ) as gateway,
        ):

            async def send_away(spread: float) -> None:
                gateway.stop_accepting()
                await presence.close_spread(RESTARTING, spread)

            yield Server(
                gateway.addresses,
                gateway.renew_certificate,
                send_away,
                services.first_admin.code,
                lambda: engine.hub.newest_id,
                engine,
            )


@asynccontextmanager
async def _open_traces(url: str | None) -> AsyncGenerator["Traces | None"]:
    """Send traces to a collector for as long as the block lasts; without one nothing is loaded. Raises CannotStart."""
    if url is None:
        yield None
        return
    try:
        from chat.inspection.traces import open_traces
    except ModuleNotFoundError as error:
        raise CannotStart("traces need more packages: pip install 'trio-chat[otel]'") from error
    async with open_traces(url) as traces:
        yield traces


@asynccontextmanager
async def _open_lag_meter(metrics: Metrics) -> AsyncGenerator[None]:
    """Measure the event loop's lag for as long as the block lasts. Cancelling ends it."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(measure_lag, metrics.lagged)
        yield
        nursery.cancel_scope.cancel(reason="the server stops")


def _directories(config: Config, local: Path | None, files: Path | None) -> dict[str, Path]:
    """Return the directories whose file systems must not become full, by what is in them."""
    found = {} if local is None else {"data": local}
    if local is not None and config.database_url is None:
        found["wal"] = local / "postgres" / "cluster" / "pg_wal"
    return found if files is None else {**found, "files": files}


def _budgets(config: Config, metrics: Metrics, shared_usage: SharedUsage) -> Budgets:
    return Budgets(
        messages=config.message_rate,
        text=config.message_bytes,
        pages=config.read_rate,
        calls=config.call_rate,
        searches=SEARCHES,
        search_time=SEARCH_TIME,
        uploads=UPLOADS,
        refused=metrics.over_budget,
        shared_usage=shared_usage,
    )
