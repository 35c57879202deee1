"""What operators see of pushes in the metrics. All of it is sync."""

from collections.abc import Mapping

from prometheus_client import Counter, Histogram

from chat.features.push.delivery import PushAnswer
from chat.features.push.rules import Decision
from chat.inspection.metrics import Metrics

_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0)
_CLASSES = ("2xx", "404", "410", "4xx", "429", "5xx", "none")


class Figures:
    """Counts decisions and answers of push services."""

    def __init__(self, metrics: Metrics) -> None:
        self._decided = Counter(
            "chat_push_decided",
            "Messages and people whom they may notify, by decision",
            ["decision"],
            registry=None,
        )
        self._answered = Counter(
            "chat_push_answers",
            "Answers of push services, by class; none: there was no answer",
            ["answer"],
            registry=None,
        )
        self._reported = Counter(
            "chat_push_reports",
            "Pushes that browsers report as shown or clicked",
            ["event"],
            registry=None,
        )
        self._seconds = Histogram(
            "chat_push_seconds",
            "Time from when a push is due until a push service has taken it",
            buckets=_SECONDS,
            registry=None,
        )
        for decision in Decision:
            self._decided.labels(decision)
        for answer in _CLASSES:
            self._answered.labels(answer)
        for event in ("shown", "clicked"):
            self._reported.labels(event)
        metrics.register(self._decided, self._answered, self._reported, self._seconds)

    def decided(self, counts: Mapping[Decision, int]) -> None:
        """So many decisions were made."""
        for decision, count in counts.items():
            self._decided.labels(decision).inc(count)

    def answered(self, answer: PushAnswer) -> None:
        """A push service has answered, or not."""
        self._answered.labels(_class(answer.status)).inc()

    def reported(self, event: str) -> None:
        """A browser reports that a push is shown, or clicked."""
        self._reported.labels(event).inc()

    def sent(self, seconds: float) -> None:
        """A push service has taken a push so long after it was due."""
        self._seconds.observe(max(seconds, 0.0))


def _class(status: int | None) -> str:
    if status is None:
        return "none"
    return str(status) if str(status) in _CLASSES else f"{status // 100}xx"
