"""Takes the calls of outgoing hooks: `python -m bench.hooking.receiver`.

It prints its address, and a line for each call: the hook, the first and last log id, and how many changes it has.
"""

import os
import socketserver
import sys
from http.server import BaseHTTPRequestHandler

import msgspec


class _Event(msgspec.Struct):
    id: int


class _Data(msgspec.Struct):
    hook: int
    events: list[_Event]


class _Body(msgspec.Struct):
    data: _Data


class _Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        """Take a call."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        data = msgspec.json.decode(body, type=_Body).data
        line = f"{data.hook} {data.events[0].id} {data.events[-1].id} {len(data.events)}\n"
        os.write(1, line.encode())  # in one piece: several threads do
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


if __name__ == "__main__":
    with _Server(("127.0.0.1", 0), _Receiver) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.exit()
