"""HTML as plain text: what one reads of a mail without a plain part. Sync and pure; it takes linear time."""

import re
from html.parser import HTMLParser

_HIDDEN = frozenset({"script", "style", "head", "title", "template", "object"})
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_PARAGRAPHS = frozenset({"p", "blockquote", "h1", "h2", "h3", "h4", "ul", "ol", "table", "pre"})
_SECTION = re.compile(r"<!\[[^<>]{0,200}>")
"""What Word writes around its own; of others the parser makes an error."""
_DEEPEST = 20
"""Quotes inside quotes, each kept apart."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[tuple[int, list[str]]] = [(0, [])]
        self._hidden = 0
        self._quoted = 0
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "body":
            self._hidden = 0  # a head that is not closed hides nothing more
        elif tag == "blockquote":
            self._quoted += 1
        elif tag == "a":
            self._link = dict(attrs).get("href") or ""
        self._break(tag)
        if tag == "li":
            self._put("- ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag == "blockquote":
            self._quoted = max(0, self._quoted - 1)
        elif tag == "a":
            link, self._link = self._link, ""
            if link.startswith(("http://", "https://")) and link not in "".join(self.lines[-1][1][-3:]):
                self._put(f" <{link[:500]}>")
        if tag != "br":
            self._break(tag)

    def handle_data(self, data: str) -> None:
        self._put(re.sub(r"\s+", " ", data))

    def _put(self, text: str) -> None:
        if not self._hidden and text:
            self.lines[-1][1].append(text)

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            if self.lines[-1][1]:
                if tag in _PARAGRAPHS:
                    self.lines.append((self._quoted, []))
                self.lines.append((self._quoted, []))
            else:
                self.lines[-1] = self._quoted, []


def text_of_html(html: str) -> str:
    """Return the text of HTML: a line for each block, `> ` before quotes, the address behind the words of a link."""
    reader = _Reader()
    # Never closed: `close()` reads an unfinished end again from each of its brackets.
    reader.feed(_SECTION.sub(" ", html).replace("<![", " "))
    out: list[str] = []
    for depth, pieces in reader.lines:
        line = re.sub(r" {2,}", " ", "".join(pieces)).strip()
        if line or (out and out[-1]):
            out.append("> " * min(depth, _DEEPEST) + line if line else "")
    return "\n".join(out).strip()
