"""Other sites, whose pages show the support widget or try to."""

import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_HEAD = "<!doctype html><link rel=icon href=data:>"


class OtherSite:
    """A web site on a port of its own, which is `url` and, by another name of this machine, `elsewhere`.

    `pages` are its pages by path, to be filled at any time; each has a head of its own.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.elsewhere = f"http://localhost:{port}"
        self.heads: list[tuple[str, Mapping[str, str]]] = []
        """The path and the headers of each request."""
        self.pages: dict[str, tuple[Mapping[str, str], str | bytes]] = {}

    def shows_widget(self, server: str, path: str = "/") -> None:
        """Add the widget's script to a page with a strict policy and hostile styles."""
        policy = (
            f"default-src 'none'; script-src {server}; frame-src {server}; style-src 'self'; img-src data:"
        )
        self.pages[path] = (
            {"Content-Security-Policy": policy},
            f'{_HEAD}<link rel="stylesheet" href="/style.css"><script async src="{server}/widget.js"></script>'
            "<h1>Garden tools</h1><button>Buy</button>",
        )
        self.pages["/style.css"] = (
            {"Content-Type": "text/css"},
            "* { display: block; color: red !important }",
        )


@contextmanager
def other_site() -> Generator[OtherSite]:
    """Serve until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.heads.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            headers, body = site.pages.get(self.path.partition("?")[0], ({}, ""))
            self.send_response(200)
            for name, value in ({"Content-Type": "text/html"} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else body.encode())

        def log_message(self, *_parts: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = OtherSite(server.server_address[1])
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield site
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
