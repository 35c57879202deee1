"""The Quart-Trio app: every dialect's routes, the pages, and the handling of their errors."""

from collections.abc import Callable, Sequence
from typing import Any

import structlog
import trio
from quart import Blueprint, Request, Response, g, request
from quart.routing import QuartRule
from quart_trio import QuartTrio
from quart_trio.asgi import TrioASGIHTTPConnection
from quart_trio.wrappers import TrioRequest
from quart_trio.wrappers.request import TrioBody
from werkzeug.exceptions import HTTPException

from chat.domain.addresses import address_key
from chat.domain.failures import FileStoreDown, OutcomeUnknown, StorageDown, WriteRejected
from chat.domain.limits.budgets import HOLD_BACK, Budgets
from chat.domain.refusals import (
    CHANGE_NOT_SAVED,
    CHANGE_UNKNOWN,
    FILES_UNAVAILABLE,
    NOT_SAVED,
    OUTCOME_UNKNOWN,
    UNAVAILABLE,
    Code,
    Refusal,
)
from chat.gateway.fair_scheduler import FairScheduler
from chat.gateway.http1.body_flow import FLOW, BodyFlow
from chat.inspection.doctor_mark import PATH as DOCTOR
from chat.inspection.inspection import InspectionFailed
from chat.operations.plain_http import MountedRoute
from chat.web_api.answers import APPEAL, error, has_codes, refuse
from chat.web_api.bodies import EMOJI, IMPORTS, LONGEST_BODY, PICTURES, UPLOADS, BadBody
from chat.web_api.plain import Answered, with_plain_routes
from chat.web_api.web_client import WEB_CLIENT

_BODY_TIMEOUT = 30
"""Seconds for a body to arrive: 64 KiB on the slowest connections."""

_TEXTS = {
    400: "the request can't be read",
    404: "there is no such path here",
    405: "this path has no such method: Allow says which it has",
    408: "the body did not come in time",
    413: f"the body is longer than {LONGEST_BODY} bytes",
}
"""The texts of errors that occur before a handler runs."""

_OPEN_TO_ALL = (WEB_CLIENT, "pages", "metrics")
"""What clients of banned networks get too: the page, which shows the refusal, and what watches the server."""

logger = structlog.get_logger(__name__)


def create_app(
    blueprints: Sequence[Blueprint],
    budgets: Budgets | None = None,
    scheduler: FairScheduler | None = None,
    answered: Answered | None = None,
    plain: Sequence[MountedRoute] = (),
) -> QuartTrio:
    """Return the app. Errors are JSON `{"error": …}`, below /api/v1/ with a code. A failure is a 500 and a log line.

    Calls from an address over its budget (`budgets`) are delayed, and every 429 by a second, which also delays the
    next call of that connection. The files of the web client and pictures do not count: a page has a hundred. With
    `scheduler`, all requests share the loop fairly. `answered` counts them.
    Calls of `plain` routes do not reach Quart.
    """
    app = QuartTrio("chat.web_api", static_folder=None)
    app.url_rule_class = MatchingRule
    app.url_map.merge_slashes = False  # otherwise `//rooms` is redirected, by a page in HTML
    app.request_class = _Request
    if scheduler is not None:
        app.asgi_http_class = scheduled_by(scheduler)
    app.config.update(
        MAX_CONTENT_LENGTH=LONGEST_BODY,
        BODY_TIMEOUT=_BODY_TIMEOUT,
        RESPONSE_TIMEOUT=None,  # a large file takes long; the gateway bounds each piece
        PROPAGATE_EXCEPTIONS=False,
    )
    if budgets is not None:
        app.config[APPEAL] = lambda: budgets.bans.appeal_address
    for blueprint in blueprints:
        app.register_blueprint(blueprint)

    @app.before_request
    async def wait_for_budget() -> Response | None:
        banned = None if budgets is None else budgets.bans.refusal(request.remote_addr or "")
        if banned is not None and request.blueprint not in _OPEN_TO_ALL:
            return refuse(banned)
        if (
            request.blueprint != WEB_CLIENT
            and not PICTURES.fullmatch(request.path)
            and budgets is not None
            and (wait := budgets.call(request.remote_addr or ""))
        ):
            await trio.sleep(wait)
        g.started = trio.current_time()
        return None

    @app.after_request
    async def hold_back(response: Response) -> Response:
        if answered is not None and "started" in g:
            rule = request.url_rule  # a path without one is of the client's own making, and so is its method
            method, route = ("other", "other") if rule is None else (request.method, rule.rule)
            answered(method, route, response.status_code, trio.current_time() - g.started)
        if response.status_code == 429:
            await trio.sleep(HOLD_BACK)
        return response

    @app.errorhandler(BadBody)
    async def bad_body(problem: BadBody) -> Response:
        if problem.field is not None and has_codes():
            return refuse(Refusal(Code.INVALID, problem.text, field=problem.field, reason="bad_value"))
        return error(problem.status, problem.text)

    @app.errorhandler(HTTPException)
    async def http_error(problem: HTTPException) -> Response:
        status = problem.code or 500
        # An unknown path is not an unknown room.
        code = Code.UNKNOWN_TYPE if status == 404 else None
        response = error(status, _TEXTS.get(status) or problem.name.lower(), code=code)
        if problem.code == 405:
            response.headers.update({k: v for k, v in problem.get_headers() if k == "Allow"})
        return response

    @app.errorhandler(StorageDown)
    async def storage_down(_problem: StorageDown) -> Response:
        return refuse(UNAVAILABLE)

    @app.errorhandler(FileStoreDown)
    async def file_store_down(_problem: FileStoreDown) -> Response:
        return refuse(FILES_UNAVAILABLE)

    @app.errorhandler(OutcomeUnknown)
    async def outcome_unknown(_problem: OutcomeUnknown) -> Response:
        return refuse(CHANGE_UNKNOWN if has_codes() else OUTCOME_UNKNOWN)

    @app.errorhandler(WriteRejected)
    async def write_rejected(_problem: WriteRejected) -> Response:
        return refuse(CHANGE_NOT_SAVED if has_codes() else NOT_SAVED)

    @app.errorhandler(InspectionFailed)
    async def inspection_failed(problem: InspectionFailed) -> Response:
        return error(503, str(problem))

    @app.errorhandler(Exception)
    async def failed(problem: Exception) -> Response:
        logger.error("request failed with an internal error; answered 500", exc_info=problem)
        return error(500, "internal error")

    if budgets is not None:
        app.asgi_app = with_plain_routes(app.asgi_app, plain, budgets, answered)  # type: ignore[assignment, method-assign]
    return app


class _Body(TrioBody):
    """A body that reports its use, which holds back a faster client."""

    flow: BodyFlow | None = None

    async def __anext__(self) -> bytes:
        data = await super().__anext__()
        if self.flow is not None:
            self.flow.took(len(data))
        return data


class _Request(TrioRequest):
    """A request; only its handler bounds the body of an upload."""

    body_class = _Body

    def __init__(self, method: str, scheme: str, path: str, *rest: Any, **options: Any) -> None:  # noqa: ANN401
        if (method == "POST" and (UPLOADS.fullmatch(path) or path == DOCTOR)) or (
            method == "PUT" and (EMOJI.fullmatch(path) or IMPORTS.fullmatch(path))
        ):
            options["max_content_length"] = None
        super().__init__(method, scheme, path, *rest, **options)
        assert isinstance(self.body, _Body)
        extensions: dict[str, Any] = self.scope.get("extensions", {})
        self.body.flow = extensions.get(FLOW)


class MatchingRule(QuartRule):
    """A route that only matches addresses.

    Werkzeug compiles two Python functions for each rule to build addresses, which takes most of the time to make the
    app.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        return _build_nothing


def _build_nothing(*_arguments: object, **_values: object) -> tuple[str, str]:
    raise NotImplementedError("no address is built from a route")


def scheduled_by(scheduler: FairScheduler) -> type[TrioASGIHTTPConnection]:
    """Return the connection class whose requests take turns, by the caller's address."""

    class InTurns(TrioASGIHTTPConnection):
        async def handle_request(self, nursery: trio.Nursery, request: Request, send: Any) -> None:  # type: ignore[override]  # noqa: ANN401 - ASGI's
            key = address_key(request.remote_addr or "")
            await scheduler.steps(key, super().handle_request(nursery, request, send))

    return InTurns
