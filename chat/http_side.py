"""The HTTP side of a server: its application, and the metrics on a port of their own."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import trio
from msgspec import structs
from quart_trio import QuartTrio

from chat.domain.ports import Storage
from chat.domain.proxies import Proxies
from chat.engine.engine import Engine
from chat.features.feature import Feature, plain_routes
from chat.features.registry import FEATURES
from chat.gateway.fair_scheduler import FairScheduler
from chat.gateway.http1.request import IncomingRequest
from chat.gateway.listener import open_gateway
from chat.inspection.inspection import Inspection
from chat.protocols.protocol import ChatProtocol
from chat.protocols.registry import PROTOCOLS
from chat.protocols.services import Services
from chat.settings.config import Config
from chat.web_api.admin import admin_routes
from chat.web_api.app import create_app
from chat.web_api.doctor import create_doctor
from chat.web_api.metrics import create_metrics
from chat.web_api.pages import create_pages
from chat.web_api.web_client import create_web_client
from chat.web_api.widget import create_widget
from chat.workers.worker_context import WorkerContext


def http_app(
    config: Config,
    storage: Storage,
    engine: Engine,
    services: Services,
    inspection: Inspection,
    protocols: Sequence[ChatProtocol] = PROTOCOLS,
    scheduler: FairScheduler | None = None,
    features: Sequence[Feature] = FEATURES,
) -> QuartTrio:
    """Return the HTTP application: calls of protocols and admins, pages, and metrics without a port of their own."""
    accounts, budgets = engine.accounts, engine.budgets
    routes = [
        *(protocol.routes(services) for protocol in protocols if protocol.routes is not None),
        admin_routes(accounts, budgets, inspection, storage.nodes),
    ]
    admins_only = accounts if config.metrics_access == "admins" else None
    own_metrics = [] if config.metrics_listen else [create_metrics(inspection.metrics, admins_only)]
    sockets = [protocol.dialect.path for protocol in protocols]
    pages = create_pages(inspection.health, routes, sockets)
    is_encrypted = config.tls_cert is not None
    client = create_web_client(
        lambda: engine.settings.server_name, is_encrypted=is_encrypted, scheduler=scheduler
    )
    widget = create_widget(engine.settings, engine.operator_watch.is_staffed, is_encrypted=is_encrypted)
    doctor = create_doctor(config.data, Proxies(config.trusted_proxies, config.forwarded_header))
    others = (blueprint for protocol in protocols for blueprint in protocol.blueprints(services))
    return create_app(
        [pages, client, widget, doctor, *own_metrics, *(part.blueprint for part in routes), *others],
        budgets,
        scheduler,
        engine.metrics.answered,
        plain_routes(features, services),
    )


@asynccontextmanager
async def open_metrics(
    config: Config, inspection: Inspection, worker: WorkerContext | None
) -> AsyncGenerator[None]:
    """Serve the metrics on a port of their own, if they have one. Cancelling: the port is closed."""
    if config.metrics_listen is None:
        yield
        return
    plain = structs.replace(config, irc=None, irc_tls=None, tls_cert=None, tls_key=None)
    alone = structs.replace(plain, listen=(config.metrics_listen,))
    app = create_app([create_metrics(inspection.metrics)])
    bounds = None if worker is None else worker.metrics_bounds
    async with open_gateway(alone, app, _no_socket, on_stop=lambda: None, bounds=bounds):
        yield


async def _no_socket(_request: IncomingRequest) -> None:
    """Do nothing: the metrics' port has no WebSocket, and the gateway closes the connection."""
    await trio.lowlevel.checkpoint()
