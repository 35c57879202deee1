"""Metrics for Prometheus. They are counted per batch, or on request; never per delivery."""

import collections
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chat import __version__
from chat.domain.closing import Closing

_MESSAGES = (1, 2, 5, 10, 20, 50, 100, 200, 256)
"""Buckets; the last is the journal's largest batch."""
_SECONDS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)
_LAG = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

MESSAGE = "message"
"""The kind of change that is a message by a person."""

Reading = tuple[str, str, float]
"""Name, meaning and value of a metric that is read on request."""


class LabelledReading(NamedTuple):
    """A metric with a label that is read on request: its values by the label's values."""

    name: str
    meaning: str
    label: str
    values: Mapping[str, float]


Readings = Callable[[], Iterable[Reading | LabelledReading]]
"""Returns metrics as they are now. Sync, and as cheap as a scrape should be."""


class Metrics:
    """The metrics of one server; two servers in a process do not share them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._batches = Histogram(
            "chat_batch_messages", "Writes in one commit", registry=self._registry, buckets=_MESSAGES
        )
        self._commits = Histogram(
            "chat_commit_seconds", "Time of one commit", registry=self._registry, buckets=_SECONDS
        )
        self._fan_outs = Histogram(
            "chat_fan_out_seconds",
            "Time to tell one batch to all who listen",
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._messages = Counter("chat_messages", "Messages committed", registry=self._registry)
        self._changes = Counter(
            "chat_changes",
            "Changes committed that are no messages, by kind",
            ["kind"],
            registry=self._registry,
        )
        self._refused = Counter("chat_messages_refused", "Writes not committed", registry=self._registry)
        self._over_budget = Counter(
            "chat_over_budget",
            "Refusals because too much came, by what",
            ["what"],
            registry=self._registry,
        )
        self._upgrades_refused = Counter(
            "chat_upgrades_refused",
            "WebSockets that were refused: limit, malformed, origin, path, token, or database",
            ["reason"],
            registry=self._registry,
        )
        self._connections_refused = Counter(
            "chat_connections_refused", "Connections above a limit, refused unread", registry=self._registry
        )
        self._bus_dropped = Counter(
            "chat_bus_dropped",
            "Payloads of other servers that were dropped: unauthenticated or unreadable",
            ["reason"],
            registry=self._registry,
        )
        self._accounts = Counter(
            "chat_accounts",
            "What happened to accounts and to those who want one, by what",
            ["what"],
            registry=self._registry,
        )
        self._closed = Counter(
            "chat_closed", "Clients that the server closed, by close code", ["code"], registry=self._registry
        )
        self._publishing = Histogram(
            "chat_publish_seconds",
            "Time from taking a write until it is published: of the oldest write of each fan-out",
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._queries = Histogram(
            "chat_query_seconds",
            "Time of one operation on the connection pool, with the wait for a connection",
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._query_failures = Counter(
            "chat_query_failures",
            "Operations on the connection pool that failed: timeout, or down",
            ["reason"],
            registry=self._registry,
        )
        # Prometheus sees no increase of a counter that it sees for the first time.
        for reason in ("timeout", "down"):
            self._query_failures.labels(reason)
        for reason in ("unauthenticated", "unreadable"):
            self._bus_dropped.labels(reason)
        self._http = Counter(
            "chat_http_requests",
            "HTTP requests that the application answered, by route and status",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._http_seconds = Histogram(
            "chat_http_seconds",
            "Time of one HTTP request in the application, without delays for a budget",
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._lag = Histogram(
            "chat_loop_lag_seconds",
            "How late the event loop wakes a task that sleeps, four times a second",
            registry=self._registry,
            buckets=_LAG,
        )
        self._oldest: float | None = None  # when the oldest write was taken that is not published yet
        ProcessCollector(registry=self._registry)
        build = Gauge(
            "chat_build_info",
            "Version of the server and of Python; the value is 1",
            ["version", "python"],
            registry=self._registry,
        )
        build.labels(__version__, platform.python_version()).set(1)

    def committed(self, writes: int, seconds: float, taken: float | None = None) -> None:
        """A batch was committed in so many seconds; its oldest write was `taken` at this time of Trio's clock."""
        self._batches.observe(writes)
        self._commits.observe(seconds)
        if self._oldest is None:
            self._oldest = taken

    def changed(self, kinds: Sequence[str]) -> None:
        """A batch made changes of these kinds."""
        messages = kinds.count(MESSAGE)
        self._messages.inc(messages)
        if messages < len(kinds):  # rarely
            for kind, count in collections.Counter(kinds).items():
                if kind != MESSAGE:
                    self._changes.labels(kind).inc(count)

    def refused(self, messages: int) -> None:
        """A batch was refused."""
        self._refused.inc(messages)

    def over_budget(self, what: str) -> None:
        """A client was over budget: too many messages, too much text or history."""
        self._over_budget.labels(what).inc()

    def bus_dropped(self, reason: str) -> None:
        """A payload on the bus was dropped."""
        self._bus_dropped.labels(reason).inc()

    def upgrade_refused(self, reason: str) -> None:
        """A client was refused a WebSocket."""
        self._upgrades_refused.labels(reason).inc()

    def connection_refused(self) -> None:
        """A connection was above a limit, and refused unread."""
        self._connections_refused.inc()

    def account(self, what: str) -> None:
        """An event of an account, or of a registration."""
        self._accounts.labels(what).inc()

    def fanned_out(self, seconds: float, now: float | None = None) -> None:
        """All that was announced was published to all subscribers; it is `now` by Trio's clock."""
        self._fan_outs.observe(seconds)
        if self._oldest is not None and now is not None:
            self._publishing.observe(now - self._oldest)
            self._oldest = None

    def queried(self, seconds: float) -> None:
        """An operation on the connection pool has ended."""
        self._queries.observe(seconds)

    def query_failed(self, reason: str) -> None:
        """An operation on the connection pool failed: `timeout`, or `down`."""
        self._query_failures.labels(reason).inc()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """An HTTP request was answered. `route` is the pattern of its path, so there are few."""
        self._http.labels(method, route, str(status)).inc()
        self._http_seconds.observe(seconds)

    def lagged(self, seconds: float) -> None:
        """A task was woken so many seconds late."""
        self._lag.observe(seconds)

    def closed(self, closing: Closing) -> None:
        """The server ended a client's session."""
        self._closed.labels(str(closing.code)).inc()

    def watch(self, gauges: Readings, counters: Readings = tuple) -> None:
        """Read these too when the metrics are read."""
        self._registry.register(_Watched(gauges, counters))

    def register(self, *collectors: Collector) -> None:
        """Read these collectors of a feature too. Sync."""
        for each in collectors:
            self._registry.register(each)

    def totals(self) -> dict[str, float]:
        """Return messages, commits, deliveries and refused messages since the start, and clients now."""
        names = {
            "chat_messages_total": "messages",
            "chat_batch_messages_count": "commits",
            "chat_deliveries_total": "deliveries",
            "chat_messages_refused_total": "refused",
            "chat_connections": "clients",
        }
        samples = (sample for metric in self._registry.collect() for sample in metric.samples)
        return {names[sample.name]: sample.value for sample in samples if sample.name in names}

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _Watched(Collector):
    """Readings as prometheus-client collects them."""

    def __init__(self, gauges: Readings, counters: Readings) -> None:
        self._gauges = gauges
        self._counters = counters

    def collect(self) -> Iterable[Metric]:
        for reading in self._gauges():
            yield _family(GaugeMetricFamily, reading)
        for reading in self._counters():
            yield _family(CounterMetricFamily, reading)


def _family(
    kind: type[GaugeMetricFamily] | type[CounterMetricFamily], reading: Reading | LabelledReading
) -> GaugeMetricFamily | CounterMetricFamily:
    if not isinstance(reading, LabelledReading):
        name, meaning, value = reading
        return kind(name, meaning, value)
    family = kind(reading.name, reading.meaning, labels=[reading.label])
    for label, value in reading.values.items():
        family.add_metric([label], value)
    return family
