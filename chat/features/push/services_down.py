"""Push services that do not answer, or want nothing: after some failures in a row nothing is sent there for a while.

Otherwise a dead service would hold up the pushes to all others for as long as it is silent, and one that refuses ten
thousand pushes for as long as that takes. All of it is sync.
"""

import trio

from chat.features.push.delivery import DeliveryState, PushAnswer

_FAILURES = 5
"""Requests in a row without an answer after which a service is left alone, or people in a row whose pushes it refuses
for now: one person's subscription may be refused for a reason of its own.
"""

_PAUSE = 30.0
"""Seconds for which it is left alone; then each failure is enough."""

_LONGEST = 300.0
"""Seconds for which a service may ask to be left alone as a whole."""

_MOST = 1000
"""Services that are known to be down."""


class ServicesDown:
    """Which push services have not answered lately, by origin."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._refused: dict[str, set[int]] = {}  # the people for whom it wanted nothing
        self._until: dict[str, float] = {}

    def held(self, origin: str) -> float:
        """Return for how many seconds nothing is sent to a service; 0.0: it is sent."""
        return max(self._until.get(origin, 0.0) - trio.current_time(), 0.0)

    def answered(self, origin: str, person_id: int, answer: PushAnswer) -> None:
        """A service has answered to a push for somebody, or not."""
        if answer.status is not None and answer.state is not DeliveryState.RETRY:
            for known in (self._failures, self._refused, self._until):
                known.pop(origin, None)
            return
        if len(self._failures) + len(self._refused) >= _MOST:
            for known in (self._failures, self._refused, self._until):
                known.clear()
        if answer.status is None:
            self._failures[origin] = self._failures.get(origin, 0) + 1
            is_down = self._failures[origin] >= _FAILURES
        else:
            people = self._refused.setdefault(origin, set())
            if len(people) < _FAILURES:
                people.add(person_id)
            is_down = len(people) >= _FAILURES
        if is_down:
            pause = min(max(answer.retry_after or 0.0, _PAUSE), _LONGEST)
            self._until[origin] = trio.current_time() + pause
