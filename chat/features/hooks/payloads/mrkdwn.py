"""Slack's mrkdwn becomes our Markdown: links, mentions, emphasis. Sync and pure.

Source: https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Iterator

from chat.features.hooks.payloads.values import Reader, address_of, line_of, link

_CODE = re.compile(r"```[^`]*```|`[^`\n]+`")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_STRUCK = re.compile(r"(?<![\w~])~([^~\n]+)~(?![\w~])")
_TO_ALL = ("here", "channel", "everyone")


def markdown(text: str, reader: Reader) -> str:
    """Return the text in our Markdown. Code stays as it is."""
    pieces: list[str] = []
    at = 0
    for found in _CODE.finditer(text):
        pieces += (_plain(text[at : found.start()], reader), unescaped(found[0]))
        at = found.end()
    return "".join((*pieces, _plain(text[at:], reader)))


def unescaped(text: str) -> str:
    """Return the text with the three characters that Slack escapes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _plain(text: str, reader: Reader) -> str:
    return "".join(
        _sign(piece, reader) if is_sign else unescaped(_emphasis(piece)) for is_sign, piece in _pieces(text)
    )


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the text in pieces: what stands between `<` and `>` in one line, and what stands around it."""
    at = 0
    while (start := text.find("<", at)) >= 0:
        end = text.find(">", start)
        if end < 0:
            break
        again = text.rfind("<", start, end)  # of `<<a>` the second one begins it
        yield False, text[at:again]
        inner = text[again + 1 : end]
        yield (True, inner) if inner and "\n" not in inner else (False, text[again : end + 1])
        at = end + 1
    yield False, text[at:]


def _emphasis(text: str) -> str:
    return _STRUCK.sub(_struck, _BOLD.sub(_bold, text))


def _bold(found: "re.Match[str]") -> str:
    return found[0] if _is_loose(found[1]) else f"**{found[1]}**"


def _struck(found: "re.Match[str]") -> str:
    return found[0] if _is_loose(found[1]) else f"~~{found[1]}~~"


def _is_loose(text: str) -> bool:
    """Whether blanks are inside of the signs, which then are no emphasis."""
    return text != text.strip()


def _sign(inner: str, reader: Reader) -> str:
    """Return what stands between `<` and `>` as text."""
    target, bar, shown = inner.partition("|")
    shown = unescaped(shown)
    match target[0:1]:
        case "!":
            name = target[1:].partition("^")[0]
            return reader.everybody if name in _TO_ALL else line_of(shown or target[1:])
        case "@":
            name = (shown or target[1:]).removeprefix("@")
            return f"@{line_of(name)}"
        case "#":
            return f"#{line_of((shown or target[1:]).removeprefix('#'))}"
    if not address_of(unescaped(target)):
        return unescaped(shown) if bar and ":" in target else unescaped(f"<{inner}>")
    return link(shown, unescaped(target))
