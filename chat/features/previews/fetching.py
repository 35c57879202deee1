"""Fetches a page, and the picture that it names, through the guarded client: each URL is checked for itself."""

from functools import partial
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import trio

from chat.domain.features import Port
from chat.domain.limits.buckets import Buckets
from chat.domain.messages.images import Image, read_image
from chat.domain.refusals import Code, Refusal
from chat.features.previews.page import Page, is_page, read_page
from chat.outbound.client import Answer, Outbound
from chat.outbound.failures import RequestFailed
from chat.outbound.target import parse_target

PAGE_BYTES: Final = 524_288
"""Of a page; of a longer one the beginning is read."""
PICTURE_BYTES: Final = 1_048_576
_SECONDS = 5.0
"""For the page, and as many for its picture."""
_REDIRECTS = 3
_MOST_PIXELS = 16_000_000
"""Of a picture, which browsers decode; 64 MB there."""
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_AT_ONCE = 8
_KEPT = "%/:@!$&'()*+,;=~"
"""Characters that stand in a path as they are (RFC 3986, 3.3); an encoded one stays."""
_RATE, _BURST = 20 / 60, 10
"""Previews of one person: twenty a minute, and ten at once."""

NO_PREVIEW = Refusal(Code.NOT_FOUND, "that link has no preview", reason="no_preview")
"""The same for all that goes wrong: who asks learns nothing about the network of the server."""


class Fetching:
    """Bounds how many previews are fetched: by one person, and at one time. One for each server."""

    def __init__(self) -> None:
        self._people = Buckets(_RATE, _BURST)
        self._places = trio.CapacityLimiter(_AT_ONCE)

    def refusal(self, person_id: int) -> Refusal | None:
        """Count a preview of this person, or refuse it. Sync."""
        wait = self._people.take((person_id,))
        if not wait:
            return None
        seconds = int(wait) + 1
        return Refusal(
            Code.TOO_MANY,
            f"too many previews, wait {seconds} seconds",
            retry_after=seconds,
            reason="rate_limited",
        )

    async def page(self, outbound: Outbound, url: str) -> tuple[Page, str] | Refusal:
        """Return what the page at `url` says, and the host that answered. Cancelling: the page may have been asked."""
        with trio.move_on_after(2 * _SECONDS):
            async with self._places:
                answer = await _get(outbound, url, "text/html", PAGE_BYTES, is_cut=True)
            type_ = "" if answer is None else answer.headers.get("content-type", "")
            if answer is not None and is_page(type_):
                page = await trio.to_thread.run_sync(partial(read_page, answer.body, type_, answer.url))
                if page is not None:
                    return page, parse_target(answer.url).host
        return NO_PREVIEW

    async def picture(self, outbound: Outbound, url: str) -> tuple[bytes, Image] | None:
        """Return a picture and what its first bytes say; None: there is none that pages show. Cancelling as above."""
        with trio.move_on_after(2 * _SECONDS):
            async with self._places:
                answer = await _get(outbound, url, "image/*", PICTURE_BYTES, is_cut=False)
            image = None if answer is None else read_image(answer.body)
            if answer is not None and image is not None and _is_shown(image):
                return answer.body, image
        return None


FETCHING = Port[Fetching]("fetching previews")


def _is_shown(image: Image) -> bool:
    size = (image.width or 0) * (image.height or 0)
    return image.type in _PICTURES and 0 < size <= _MOST_PIXELS


async def _get(outbound: Outbound, url: str, accept: str, most_bytes: int, *, is_cut: bool) -> Answer | None:
    try:
        answer = await outbound.send(
            "GET",
            _percent_encoded(url),
            headers={"Accept": accept},
            most_bytes=most_bytes,
            is_cut=is_cut,
            total_timeout=_SECONDS,
            redirects=_REDIRECTS,
        )
    except RequestFailed:
        return None
    return answer if answer.status == 200 else None


def _percent_encoded(url: str) -> str:
    """Return a URL as it is sent: people and pages write its path and query in their own script."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url  # the client refuses it
    path, query = quote(parts.path, safe=_KEPT), quote(parts.query, safe=f"{_KEPT}?")
    return urlunsplit(parts._replace(path=path, query=query, fragment=""))
