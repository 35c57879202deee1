"""The parser of an HTTP connection, until a request asks for a WebSocket."""

import h11

from chat.gateway.http1.head import Head, parse_head
from chat.gateway.http1.parser import END_OF_HEAD, ParserEvent, StrictParser, altered


class PlainParser(StrictParser):
    """Ignores `Upgrade` in requests, as RFC 9110 section 7.8 allows, except for WebSockets.

    Proxies and HTTP libraries may upgrade a connection that has served other requests. A request for a WebSocket is not
    parsed: next_event() has no more events, and `upgrade` has all bytes from its first on.
    """

    def __init__(self, our_role: type[h11.SERVER], max_incomplete_event_size: int = 16_384) -> None:
        super().__init__(our_role, max_incomplete_event_size)
        self._upgrades = False

    @property
    def upgrade(self) -> bytes:
        """The head that asks for a WebSocket and all bytes after it; empty before."""
        return self.trailing_data[0] if self._upgrades else b""

    def next_event(self) -> ParserEvent:
        """Like StrictParser's."""
        if not self._upgrades and self.their_state is h11.IDLE and self._unfinished is None:
            self._upgrades = _asks_for_websocket(self.trailing_data[0])
        return h11.NEED_DATA if self._upgrades else super().next_event()

    def _checked(self, request: h11.Request) -> h11.Request:
        request = super()._checked(request)
        headers = [(name, value) for name, value in request.headers if name != b"upgrade"]
        if len(headers) == len(request.headers):
            return request
        return altered(request, request.target, headers)


def _asks_for_websocket(data: bytes) -> bool:
    found = END_OF_HEAD.search(data)
    if not found or b"websocket" not in data[: found.end()].lower():
        return False
    head = parse_head(data[: found.end()])
    return isinstance(head, Head) and head.asks_for_websocket
