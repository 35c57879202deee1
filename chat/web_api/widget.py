"""The support widget: the script that other sites load, and the page of its frame, for allowed sites alone."""

from collections.abc import Callable

from quart import Blueprint, Response

from chat.web_api.web_client import CLIENT_HEADERS, respond, web_files

_SCRIPT_LASTS = "public, max-age=600"
"""A site's page asks for it each time it is loaded."""


def create_widget(origins: Callable[[], tuple[str, ...]], *, is_encrypted: bool = False) -> Blueprint:
    """Return the routes. `origins` are the sites that may show the widget, which may change; `*` is any.

    With `is_encrypted`, browsers are told to come back over TLS alone. Raises OSError.
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
