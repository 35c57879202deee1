"""Metrics for Prometheus. They are counted per batch, or on request; never per delivery."""

import collections
from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chat.domain.closing import Closing

_MESSAGES = (1, 2, 5, 10, 20, 50, 100, 200, 256)
"""Buckets; the last is the journal's largest batch."""
_SECONDS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)

MESSAGE = "message"
"""The kind of change that is a message by a person."""

Reading = tuple[str, str, float]
"""Name, meaning and value of a metric that is read on request."""


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

    def committed(self, writes: int, seconds: float) -> None:
        """A batch was committed."""
        self._batches.observe(writes)
        self._commits.observe(seconds)

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

    def fanned_out(self, seconds: float) -> None:
        """A batch was published to all subscribers."""
        self._fan_outs.observe(seconds)

    def closed(self, closing: Closing) -> None:
        """The server ended a client's session."""
        self._closed.labels(str(closing.code)).inc()

    def watch(
        self, gauges: Callable[[], Iterable[Reading]], counters: Callable[[], Iterable[Reading]]
    ) -> None:
        """Read these too when the metrics are read."""
        self._registry.register(_Watched(gauges, counters))

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

    def __init__(
        self, gauges: Callable[[], Iterable[Reading]], counters: Callable[[], Iterable[Reading]]
    ) -> None:
        self._gauges = gauges
        self._counters = counters

    def collect(self) -> Iterable[Metric]:
        for name, meaning, value in self._gauges():
            yield GaugeMetricFamily(name, meaning, value)
        for name, meaning, value in self._counters():
            yield CounterMetricFamily(name, meaning, value)
