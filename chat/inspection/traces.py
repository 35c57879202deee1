"""OpenTelemetry traces: wraps functions of a server that is about to start, and sends spans to a collector.

Only a server with the setting `traces` imports this file, which needs the extra `otel`. Spans have names of operations,
routes, counts and outcomes: no texts, no names of people or rooms, no tokens, no addresses, no texts of exceptions.

A thread of OpenTelemetry sends the spans from a queue of 2048 (OTEL_BSP_MAX_QUEUE_SIZE). If the collector does not take
them, the oldest are dropped; nobody waits for it.
"""

import re
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import Any

import structlog
import trio
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, StatusCode, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chat import __version__
from chat.domain.refusals import Refusal
from chat.domain.startup import CannotStart

FLUSH = 1.0
"""Most seconds that a stop waits for the collector to take the last spans."""

_MOST_UNPUBLISHED = 10_000
"""Committed changes whose span is remembered until they are published."""

_PATH = "/v1/traces"

AsyncFunction = Callable[..., Awaitable[Any]]

logger = structlog.get_logger(__name__)


class Traces:
    """Wraps functions so that each call makes a span. All is sync, and is called before the server accepts clients."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("chat", __version__)
        self._unpublished: dict[int, Context] = {}  # by the id of a committed change

    @contextmanager
    def _span(
        self, name: str, parent: Context | None = None, kind: SpanKind = SpanKind.INTERNAL
    ) -> Generator[Span]:
        # An exception's text may quote what people wrote.
        with self._tracer.start_as_current_span(
            name, parent, kind, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except Exception as error:
                span.set_status(StatusCode.ERROR, type(error).__name__)
                raise

    def follow_http(self, app: Any) -> None:  # noqa: ANN401 - Quart's
        """Make a span of each request to a Quart app; it continues the trace that `traceparent` names."""
        handle, propagator = app.handle_request, TraceContextTextMapPropagator()

        async def traced(request: Any) -> Any:  # noqa: ANN401
            parent = propagator.extract({"traceparent": request.headers.get("traceparent", "")}, Context())
            with self._span("HTTP", parent, SpanKind.SERVER) as span:
                response = await handle(request)
                rule = request.url_rule  # without one, path and method are of the client's own making
                method, route = ("other", "other") if rule is None else (request.method, rule.rule)
                span.update_name(f"{method} {route}")
                span.set_attributes(
                    {
                        "http.request.method": method,
                        "http.route": route,
                        "http.response.status_code": response.status_code,
                    }
                )
                if response.status_code >= 500:
                    span.set_status(StatusCode.ERROR)
                return response

        app.handle_request = traced

    def of_sessions(self, make_client: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a factory of clients that makes a span of each command of their sessions.

        Operations have spans of their own.
        """

        def make(session: Any) -> Any:  # noqa: ANN401 - of a floor above
            handle = type(
                session
            ).handle  # not the one that is wrapped: it may speak another dialect from now on

            async def traced(client: object, command: Any, nursery: trio.Nursery) -> Any:  # noqa: ANN401
                asked = getattr(command, "request", command)  # a queued one
                if hasattr(asked, "operation"):
                    return await handle(session, client, command, nursery)
                name = f"{session.dialect.name} {_snake(type(asked).__name__)}"
                with self._span(name, Context(), SpanKind.SERVER) as span:
                    if asked is not command:
                        span.set_attribute("chat.queued", True)
                    return await handle(session, client, command, nursery)

            session.handle = traced
            return make_client(session)

        return make

    def handler_of(self, operation: Any) -> AsyncFunction:  # noqa: ANN401 - of a floor above
        """Return the handler of an operation, whose calls make a span below that of their HTTP request."""

        async def traced(*arguments: Any) -> Any:  # noqa: ANN401
            # A task that a request of the socket has started outlasts its span.
            is_http = get_current_span().is_recording()
            with self._span(operation.name, None if is_http else Context()) as span:
                return _noted(span, await operation.handler(*arguments))

        return traced

    def follow_log_ins(self, accounts: Any) -> None:  # noqa: ANN401 - as it is wrapped
        """Make a span of each log-in with a password."""

        def wrap(log_in: AsyncFunction) -> AsyncFunction:
            async def traced(*arguments: Any) -> Any:  # noqa: ANN401
                with self._span("log in") as span:
                    return _noted(span, await log_in(*arguments))

            return traced

        accounts.log_in, accounts.log_in_by_email = wrap(accounts.log_in), wrap(accounts.log_in_by_email)

    def follow_queries(self, database: Any) -> None:  # noqa: ANN401 - as it is wrapped
        """Make a span of each operation on the connection pool, below the span that caused it; others have none."""

        def wrap(run: AsyncFunction) -> AsyncFunction:
            async def traced(operation: object) -> Any:  # noqa: ANN401
                if not get_current_span().get_span_context().trace_flags.sampled:
                    return await run(operation)
                with self._span(_public_caller(sys._getframe(1)), kind=SpanKind.CLIENT) as span:
                    span.set_attribute("db.system.name", "postgresql")
                    return await run(operation)

            return traced

        database.read, database.write = wrap(database.read), wrap(database.write)
        database.write_statement = wrap(database.write_statement)

    def follow_writes(self, journal: Any, messages: Any, hub: Any) -> None:  # noqa: ANN401 - as they are wrapped
        """Make a span of each write until it is committed, and one of the publishing of its change."""
        submit, save, publish = journal.submit, messages.save, hub.publish
        waiting: dict[int, Span] = {}  # by the id of the write, which lives meanwhile

        async def traced_submit(write: object, submitter: Any, origin: object = None) -> Any:  # noqa: ANN401
            if not get_current_span().get_span_context().trace_flags.sampled:
                return await submit(write, submitter, origin)
            span = waiting[id(write)] = self._tracer.start_span(f"commit {_snake(type(write).__name__)}")
            try:
                return await submit(write, _TracedSubmitter(self, span, waiting, submitter), origin)
            except BaseException:
                waiting.pop(id(write)).end()
                raise

        async def traced_save(writes: Sequence[object]) -> Any:  # noqa: ANN401
            for write in writes:
                if (span := waiting.get(id(write))) is not None:
                    span.add_event("transaction begins", {"chat.batch": len(writes)})
            return await save(writes)

        def traced_publish(announcements: Iterable[Any]) -> None:
            batch = list(announcements)
            parents = [self._unpublished.pop(each.change.id, None) for each in batch]
            spans = [self._tracer.start_span("fan-out", parent) for parent in parents if parent is not None]
            try:
                publish(batch)
            finally:
                for span in spans:
                    span.set_attribute("chat.batch", len(batch))
                    span.end()

        journal.submit, messages.save, hub.publish = traced_submit, traced_save, traced_publish

    def committed(self, change_id: int, span: Span) -> None:
        """Remember the span of a change until it is published."""
        self._unpublished[change_id] = set_span_in_context(span, Context())
        if len(self._unpublished) > _MOST_UNPUBLISHED:  # their publishing was discarded
            del self._unpublished[next(iter(self._unpublished))]


class _TracedSubmitter:
    """Ends the span of a write with its outcome, and passes it on. Sync."""

    __slots__ = ("_span", "_submitter", "_traces", "_waiting")

    def __init__(self, traces: Traces, span: Span, waiting: dict[int, Span], submitter: Any) -> None:  # noqa: ANN401
        self._traces = traces
        self._span = span
        self._waiting = waiting
        self._submitter = submitter

    def on_outcome(self, write: object, outcome: Any) -> None:  # noqa: ANN401 - a change, or another outcome
        self._waiting.pop(id(write), None)
        if (change_id := getattr(outcome, "id", None)) is not None:
            self._traces.committed(change_id, self._span)
        _noted(self._span, outcome)
        self._span.end()
        self._submitter.on_outcome(write, outcome)


def _noted(span: Span, result: Any) -> Any:  # noqa: ANN401 - any result
    """Note the code of a refusal, and return the result."""
    if isinstance(result, Refusal):
        span.set_attribute("chat.refused", result.code.value)
    return result


def _public_caller(frame: FrameType | None) -> str:
    """Return the name of the nearest function that is not private, as `PostgresUsers.by_name`: it names a query."""
    while frame is not None and frame.f_code.co_name.startswith("_"):
        frame = frame.f_back
    return "query" if frame is None else frame.f_code.co_qualname.partition(".<locals>")[0]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class _LoggedExporter(SpanExporter):
    """Logs the first of several failures, and when the collector takes spans again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._exporter = OTLPSpanExporter(url)
        self._has_failed = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result, why = self._exporter.export(spans), "it refused them, or did not answer"
        except Exception as error:
            result, why = SpanExportResult.FAILURE, f"{type(error).__name__}: {error}"
        has_failed = result is not SpanExportResult.SUCCESS
        if has_failed and not self._has_failed:
            logger.warning(
                "the collector takes no traces: they are dropped until it does", url=self._url, why=why
            )
        elif self._has_failed and not has_failed:
            logger.info("the collector takes traces again", url=self._url)
        self._has_failed = has_failed
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def open_traces(url: str) -> AsyncGenerator[Traces]:
    """Send spans to the collector at `url` for as long as the block lasts, and the last ones for up to a second.

    Raises CannotStart if a variable of OpenTelemetry is wrong. Cancelling drops the spans that are not sent.
    """
    own = Resource.create({"service.name": "trio-chat", "service.version": __version__})
    try:
        provider = TracerProvider(resource=own.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
        exporter = _LoggedExporter(url.rstrip("/").removesuffix(_PATH) + _PATH)
        provider.add_span_processor(BatchSpanProcessor(exporter))
    except ValueError as error:
        raise CannotStart(f"traces: a variable OTEL_… is wrong: {error}") from error
    try:
        yield Traces(provider)
    finally:
        # A thread that Python does not wait for: shutdown() waits half a minute for a dead collector.
        flush = threading.Thread(target=provider.shutdown, name="last traces", daemon=True)
        flush.start()
        await trio.to_thread.run_sync(flush.join, FLUSH, abandon_on_cancel=True)
