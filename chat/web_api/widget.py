"""The support widget: the script that other sites load, and the page of its frame, for allowed sites only."""

from collections.abc import Callable

from quart import Blueprint, Response

from chat.web_api.web_client import CLIENT_HEADERS, respond, web_files

_SCRIPT_LASTS = "public, max-age=600"
"""Every page of a site requests it."""


def create_widget(origins: Callable[[], tuple[str, ...]], *, is_encrypted: bool = False) -> Blueprint:
    """Return the routes. `origins` returns the sites that may show the widget now; `*` is any.

    With `is_encrypted`, browsers are told to use TLS only (HSTS). Raises OSError.
    """
    widget = Blueprint("widget", __name__)
    web = web_files()
    headers = CLIENT_HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if is_encrypted else {})

    @widget.get("/widget.js")
    async def script() -> Response:
        anywhere = {**headers, "Cross-Origin-Resource-Policy": "cross-origin"}
        return respond(web.files["widget/widget.js"], anywhere, _SCRIPT_LASTS)

    @widget.get("/widget")
    async def page() -> Response:
        policy = headers["Content-Security-Policy"]
        ancestors = "frame-ancestors " + (" ".join(origins()) or "'none'")
        framed = {
            **headers,
            "Content-Security-Policy": policy.replace("frame-ancestors 'none'", ancestors),
        }
        return respond(web.pages["widget/widget.html"], framed)

    return widget
