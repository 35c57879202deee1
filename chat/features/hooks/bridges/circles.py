"""Finds messages that go round in a circle: over a bridge, and back into the room by another way than a bridge."""

from collections import deque

from chat.domain.entities import Message

ROUNDS = 3
"""A message that has come back so often goes round."""

_MOST = 100
_SECONDS = 60.0


class Circles:
    """What one bridge has sent lately, and how often each message had come back. All methods are sync."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, str, str, int]] = deque(maxlen=_MOST)

    def goes_round(self, message: Message, now: float) -> bool:
        """Note that a message is about to be sent, at a time of any clock, and return whether it goes round.

        What comes back through an account of another program has the name of its sender before the text.
        """
        rounds = 0
        for at, name, text, before in self._sent:
            head = message.text.removesuffix(text)
            if now - at < _SECONDS and len(head) < len(message.text) and name in head:
                rounds = max(rounds, before + 1)
        self._sent.append((now, message.sender_name, message.text, rounds))
        return rounds >= ROUNDS
