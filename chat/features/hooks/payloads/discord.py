"""Discord's webhooks: content and embeds. Its Markdown is ours, apart from the signs between `<` and `>`.

Source: https://discord.com/developers/docs/resources/webhook
"""

import re
from datetime import UTC, datetime

from chat.features.hooks.payloads.values import (
    LONGEST_PART,
    MOST_ITEMS,
    Content,
    Payload,
    Reader,
    bold,
    dict_of,
    field,
    label_of,
    line_of,
    lines,
    link,
    list_of,
    shortened,
    text_of,
    with_rest,
)

_EMOJI = re.compile(r"<a?(:\w{2,32}:)\d{1,20}>", re.ASCII)
_PERSON = re.compile(r"<@[!&]?(\d{1,20})>", re.ASCII)
_TIME = re.compile(r"<t:(\d{1,10})(?::[tTdDfFR])?>", re.ASCII)
_CHANNEL = re.compile(r"<#(\d{1,20})>", re.ASCII)


def read(payload: Payload, reader: Reader) -> Content:
    """Return the content of a payload."""
    given = list_of(payload.get("embeds"))
    embeds = [_embed(dict_of(each), reader) for each in given[:MOST_ITEMS]]
    said = _text(payload.get("content"), reader)
    return Content(lines([said, *with_rest(embeds, len(given))]), label_of(payload.get("username")))


def _text(value: object, reader: Reader) -> str:
    text = text_of(value)
    if "<" in text:
        text = _TIME.sub(_time, text)
        text = _CHANNEL.sub(r"#\1", _PERSON.sub(r"@\1", _EMOJI.sub(r"\1", text)))
    for sign in ("@everyone", "@here"):
        text = text.replace(sign, reader.everybody)
    return text


def _time(found: "re.Match[str]") -> str:
    """Return a time, which Discord shows in the reader's zone, in UTC."""
    return f"{datetime.fromtimestamp(int(found[1]), UTC):%F %H:%M} UTC"


def _embed(embed: Payload, reader: Reader) -> str:
    author, footer = dict_of(embed.get("author")), dict_of(embed.get("footer"))
    fields = [
        field(line_of(each.get("name")), shortened(_text(each.get("value"), reader), LONGEST_PART))
        for each in map(dict_of, list_of(embed.get("fields"))[:25])
    ]
    picture = dict_of(embed.get("image")).get("url")
    return lines(
        [
            link(author.get("name"), author.get("url")),
            bold(link(embed.get("title"), embed.get("url"))),
            shortened(_text(embed.get("description"), reader), LONGEST_PART),
            *fields,
            link("image", picture) if picture else "",
            line_of(footer.get("text")),
        ]
    )
