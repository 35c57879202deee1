"""The support widget: the script that other sites load, and the page of its frame, for allowed sites only."""

import re

import structlog
from quart import Blueprint, Response

from chat.domain.administration.live_settings import LiveSettings
from chat.domain.failures import StorageError
from chat.domain.rooms.desk import IsStaffed, is_widget_hidden
from chat.web_api.web_client import CLIENT_HEADERS, WebFile, respond, web_files

logger = structlog.get_logger(__name__)

_SCRIPT_LASTS = "public, max-age=600"
"""Every page of a site requests it."""

_HIDDEN_LASTS = "public, max-age=60"
"""While nobody answers and the widget is hidden, so that it is back soon after the desk opens."""

_COMMENTS_AND_INDENTATION = re.compile(rb"^ *//.*\n|^ */\*\*.*\*/\n|^ +", re.MULTILINE)
"""Other sites load the script without them."""

_ONLY_IF_OPENED = b"""(() => {
  try {
    if (!sessionStorage.getItem("chat-widget")) return; // nobody answers now
  } catch {
    return;
  }
%s})();
"""
"""Shows the hidden widget where the visitor has opened it before in this tab: their conversation goes on."""


def create_widget(settings: LiveSettings, is_staffed: IsStaffed, *, is_encrypted: bool = False) -> Blueprint:
    """Return the routes. Raises OSError.

    Args:
        settings: have the sites that may show the widget, and when operators answer.
        is_staffed: Returns whether an operator is online.
        is_encrypted: Send HSTS, so that browsers only come back over TLS.
    """
    widget = Blueprint("widget", __name__)
    web = web_files()
    script_file = web.files["widget/widget.js"]
    shown = WebFile(_COMMENTS_AND_INDENTATION.sub(b"", script_file.body), script_file.kind)
    hidden = WebFile(_ONLY_IF_OPENED % shown.body, shown.kind)
    headers = CLIENT_HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if is_encrypted else {})

    @widget.get("/widget.js")
    async def script() -> Response:
        anywhere = {**headers, "Cross-Origin-Resource-Policy": "cross-origin"}
        try:
            if await is_widget_hidden(settings, is_staffed):
                return respond(hidden, anywhere, _HIDDEN_LASTS)
        except StorageError as error:
            logger.warning("widget shown: the database does not say whether it is hidden", error=str(error))
        return respond(shown, anywhere, _SCRIPT_LASTS)

    @widget.get("/widget")
    async def page() -> Response:
        policy = headers["Content-Security-Policy"]
        ancestors = "frame-ancestors " + (" ".join(settings.widget_origins) or "'none'")
        framed = {
            **headers,
            "Content-Security-Policy": policy.replace("frame-ancestors 'none'", ancestors),
        }
        return respond(web.pages["widget/widget.html"], framed)

    return widget
