"""What is told and saved nowhere: to the clients here at once, and by every other server to its own."""

from collections.abc import Callable
from typing import Any, TypeVar

from chat.domain.live import Notice
from chat.engine.fence import Fence
from chat.engine.hub import Subscriber

NoticeT = TypeVar("NoticeT", bound=Notice)

Felt = Callable[[NoticeT, int, Subscriber | None], object]
"""Told a notice, the number of the server that it comes from, and the socket here, if it comes from one. Sync."""


class Notices:
    """Passes notices on; all of it is sync. While `fence` is closed nobody here is told anything.

    A notice may get lost between servers, or come twice.
    """

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._felt: dict[type, Callable[[Any, int, Subscriber | None], object]] = {}
        self._send: Callable[[Notice], object] = lambda _notice: None

    def on(self, kind: type[NoticeT], felt: Felt[NoticeT]) -> None:
        """Tell `felt` of each notice of this kind."""
        self._felt[kind] = felt

    def send_by(self, send: Callable[[Notice], object]) -> None:
        """Have `send` tell the other servers."""
        self._send = send

    def publish(self, notice: Notice, origin: Subscriber | None = None) -> None:
        """Tell it here, and to the other servers; `origin` is the socket that it comes from."""
        self.heard(notice, 0, origin)
        self._send(notice)

    def send(self, notice: Notice) -> None:
        """Tell it to the other servers alone."""
        self._send(notice)

    def heard(self, notice: Notice, node: int, origin: Subscriber | None = None) -> None:
        """Tell here what the server with this number has told."""
        felt = self._felt.get(type(notice))
        if felt is not None and self._fence.is_open:
            felt(notice, node, origin)
