"""Notices: facts that no log holds, such as who types. They go to the clients here, and to every other server."""

from collections.abc import Callable
from typing import Any, TypeVar

from chat.domain.messages.live import Notice
from chat.engine.fence import Fence
from chat.engine.hub import Subscriber

NoticeT = TypeVar("NoticeT", bound=Notice)

NoticeHandler = Callable[[NoticeT, int, Subscriber | None], object]
"""Called with a notice, the number of the server that sent it (0: this one), and the socket here, if one did. Sync."""


class NoticeHandlers:
    """The handlers of each kind of notice. All of it is sync. While `fence` is closed, no handler is called."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._handlers: dict[type, list[Callable[[Any, int, Subscriber | None], object]]] = {}

    def on(self, kind: type[NoticeT], handler: NoticeHandler[NoticeT]) -> None:
        """Call `handler` with each notice of this kind."""
        self._handlers.setdefault(kind, []).append(handler)

    def handle(self, notice: Notice, node: int, origin: Subscriber | None = None) -> None:
        """Hand a notice of the server with this number to its handlers."""
        for handler in self._handlers.get(type(notice), ()) if self._fence.is_open else ():
            handler(notice, node, origin)


class Notices:
    """Passes notices to the handlers here and, by `send`, to the other servers. All of it is sync.

    A notice may get lost between servers, or come twice.
    """

    def __init__(self, handlers: NoticeHandlers, send: Callable[[Notice], object]) -> None:
        self._handlers = handlers
        self.send = send
        """Send a notice to the other servers alone."""

    def on(self, kind: type[NoticeT], handler: NoticeHandler[NoticeT]) -> None:
        """Call `handler` with each notice of this kind, from here or another server."""
        self._handlers.on(kind, handler)

    def publish(self, notice: Notice, origin: Subscriber | None = None) -> None:
        """Hand a notice to the clients here and to the other servers; `origin` is the socket that sent it."""
        self.publish_here(notice, origin)
        self.send(notice)

    def publish_here(self, notice: Notice, origin: Subscriber | None = None) -> None:
        """Hand a notice to the clients here alone."""
        self._handlers.handle(notice, 0, origin)
