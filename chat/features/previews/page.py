"""What an HTML page says of itself: Open Graph (https://ogp.me) before HTML's own. All of it is sync and pure."""

import re
import unicodedata
from contextlib import suppress
from html.parser import HTMLParser
from urllib.parse import urljoin

import msgspec

from chat.features.previews.changes import MOST_DESCRIPTION, MOST_SITE, MOST_TITLE, MOST_URL

_HTML = ("text/html", "application/xhtml+xml")
_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([a-z0-9_:.-]{1,40})""", re.IGNORECASE
)
_HEAD_BYTES = 1024
"""The first bytes of a page, among which it may name its encoding (HTML, 4.2.5.4)."""
_ENCODINGS = re.compile(
    r"utf-?8|us-ascii|iso-?8859-\d{1,2}|windows-125\d|koi8-[ru]|gb(k|2312|18030)|big5|shift_jis|euc-(jp|kr)",
    re.IGNORECASE,
)
"""Those of the web. Python has others, which take their time or are no encodings of text."""
_SPACES = re.compile(r"\s+")


class Page(msgspec.Struct, frozen=True):
    """A page in its own words; `picture` is an absolute URL, and anything at all."""

    title: str
    description: str = ""
    site: str = ""
    picture: str | None = None


def is_page(content_type: str) -> bool:
    """Whether an answer of this type is a page."""
    return content_type.partition(";")[0].strip().lower() in _HTML


def read_page(body: bytes, content_type: str, url: str) -> Page | None:
    """Return what a page says, of which this is the beginning; None: it has no title. Takes any bytes.

    Half a megabyte may take a second: call it in a thread.
    """
    reader = _Reader()
    with suppress(_HeadEnded):
        # Never closed: `close()` reads an unfinished end again from each of its brackets.
        reader.feed(body.decode(_encoding(body, content_type), errors="replace"))
    found = reader.found
    title = _line(found.get("og:title") or found.get("twitter:title") or reader.title, MOST_TITLE)
    if not title:
        return None
    description = found.get("og:description") or found.get("description") or ""
    picture = found.get("og:image:secure_url") or found.get("og:image") or found.get("og:image:url")
    return Page(
        title=title,
        description=_line(description, MOST_DESCRIPTION),
        site=_line(found.get("og:site_name") or "", MOST_SITE),
        picture=_joined(url, picture.strip()) if picture else None,
    )


class _HeadEnded(Exception):
    """The rest says nothing about the page."""


class _Reader(HTMLParser):
    """Reads a page's head: its title, and the first of each of its metadata."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.found: dict[str, str] = {}
        self._is_in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body" and (self.title or self.found):
            raise _HeadEnded
        self._is_in_title = tag == "title" and not self.title
        if tag == "meta":
            fields = dict(attrs)
            name = (fields.get("property") or fields.get("name") or "").lower()
            content = fields.get("content")
            if content and (name == "description" or name.startswith(("og:", "twitter:"))):
                self.found.setdefault(name, content)

    def handle_endtag(self, tag: str) -> None:
        self._is_in_title = False

    def handle_data(self, data: str) -> None:
        if self._is_in_title and len(self.title) < MOST_TITLE:
            self.title += data


def _encoding(body: bytes, content_type: str) -> str:
    named = re.search(r"""charset\s*=\s*["']?([\w:.-]{1,40})""", content_type, re.IGNORECASE)
    within = _CHARSET.search(body[:_HEAD_BYTES])
    for found in (named and named[1], within and within[1].decode("ascii")):
        if found and _ENCODINGS.fullmatch(found):
            return found
    return "utf-8"


def _line(text: str, most: int) -> str:
    """Return the text in one line without invisible characters, cut off if it is longer than `most`."""
    text = _SPACES.sub(" ", text[: 4 * most])
    text = "".join(
        char for char in text if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    ).strip()
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _joined(url: str, picture: str) -> str | None:
    try:
        joined = urljoin(url, picture)
    except ValueError:
        return None
    return joined if len(joined) <= MOST_URL else None
