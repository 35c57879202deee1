"""Push services that do not answer: after some failures in a row nothing is sent there for a while. All of it is sync.

A dead service would otherwise hold up the pushes to all others for as long as it is silent.
"""

import trio

from chat.features.push.delivery import PushAnswer

_FAILURES = 5
"""Requests in a row without an answer after which a service is left alone."""

_PAUSE = 30.0
"""Seconds for which it is left alone; then each failure is enough."""

_MOST = 1000
"""Services that are known to be down."""


class ServicesDown:
    """Which push services have not answered lately, by origin."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def held(self, origin: str) -> float:
        """Return for how many seconds nothing is sent to a service; 0.0: it is sent."""
        return max(self._until.get(origin, 0.0) - trio.current_time(), 0.0)

    def answered(self, origin: str, answer: PushAnswer) -> None:
        """A service has answered, or not."""
        if answer.status is not None:
            self._failures.pop(origin, None)
            self._until.pop(origin, None)
            return
        if len(self._failures) >= _MOST:
            self._failures.clear()
            self._until.clear()
        self._failures[origin] = self._failures.get(origin, 0) + 1
        if self._failures[origin] >= _FAILURES:
            self._until[origin] = trio.current_time() + _PAUSE
