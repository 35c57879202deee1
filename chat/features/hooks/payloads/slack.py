"""Slack's incoming webhooks, which most tools can send: text, blocks and attachments.

Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from collections.abc import Callable, Iterator, Mapping

from chat.features.hooks.payloads.mrkdwn import markdown
from chat.features.hooks.payloads.values import (
    LONGEST_PART,
    MOST_ITEMS,
    Content,
    Payload,
    Reader,
    bold,
    code,
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

_DEEPEST = 8
"""Levels of lists and unknown blocks that are read."""

_MOST_TEXTS = 100
"""Texts of one unknown block."""

Read = Callable[[Payload, Reader], str]


def read(payload: Payload, reader: Reader) -> Content:
    """Return the content of a payload: its blocks, or its text without any, then its attachments."""
    is_plain = payload.get("mrkdwn") is False
    text = text_of(payload.get("text"))
    if not is_plain:
        text = markdown(text, reader)
    said = _blocks(payload.get("blocks"), reader) or text
    given = list_of(payload.get("attachments"))
    attached = [_attachment(dict_of(each), reader) for each in given[:MOST_ITEMS]]
    return Content(lines([said, *with_rest(attached, len(given))]), label_of(payload.get("username")))


def _blocks(value: object, reader: Reader) -> str:
    given = list_of(value)[:50]
    return lines(_block(dict_of(each), reader) for each in given)


def _block(block: Payload, reader: Reader) -> str:
    kind = block.get("type")
    known = _BLOCKS.get(kind) if isinstance(kind, str) else None
    return known(block, reader) if known is not None else lines(_texts(block, reader))


def _text_object(value: object, reader: Reader) -> str:
    """Return a text object: mrkdwn, or plain text."""
    given = dict_of(value)
    text = text_of(given.get("text"))
    return markdown(text, reader) if given.get("type") == "mrkdwn" else text


def _section(block: Payload, reader: Reader) -> str:
    fields = [_text_object(each, reader) for each in list_of(block.get("fields"))[:MOST_ITEMS]]
    return lines([_text_object(block.get("text"), reader), *fields, _element(block.get("accessory"), reader)])


def _header(block: Payload, reader: Reader) -> str:
    return bold(line_of(_text_object(block.get("text"), reader)))


def _context(block: Payload, reader: Reader) -> str:
    found = (_element(each, reader) for each in list_of(block.get("elements"))[:MOST_ITEMS])
    return " ".join(each for each in found if each)


def _element(value: object, reader: Reader) -> str:
    """Return an element of a context or of actions: a text, a picture, or a button with an address."""
    element = dict_of(value)
    match element.get("type"):
        case "mrkdwn" | "plain_text":
            return _text_object(element, reader)
        case "image":
            return link(element.get("alt_text"), element.get("image_url"))
        case "button" if element.get("url"):
            return link(_text_object(element.get("text"), reader), element.get("url"))
    return ""


def _image(block: Payload, reader: Reader) -> str:
    title = _text_object(block.get("title"), reader) or block.get("alt_text")
    return link(title, block.get("image_url"))


def _rich_text(block: Payload, reader: Reader) -> str:
    return lines(_rich_part(dict_of(each), reader, 0) for each in list_of(block.get("elements"))[:50])


def _rich_part(part: Payload, reader: Reader, depth: int) -> str:
    items = [dict_of(each) for each in list_of(part.get("elements"))[:200]]
    match part.get("type"):
        case "rich_text_list" if depth < _DEEPEST:
            is_ordered = part.get("style") == "ordered"
            indent = part.get("indent")
            before = "  " * min(indent, _DEEPEST) if isinstance(indent, int) and indent > 0 else ""
            return lines(
                f"{before}{f'{nth}.' if is_ordered else '-'} {_rich_part(item, reader, depth + 1)}"
                for nth, item in enumerate(items, 1)
            )
        case "rich_text_preformatted":
            code_lines = "".join(str(item.get("text") or "") for item in items)
            return f"```\n{code_lines}\n```"
        case "rich_text_quote":
            return lines(f"> {line}" for line in _rich_run(items, reader).split("\n"))
    return _rich_run(items, reader)


def _rich_run(items: list[Payload], reader: Reader) -> str:
    return "".join(_rich_element(item, reader) for item in items)


def _rich_element(element: Payload, reader: Reader) -> str:
    given = element.get("text")
    text = given if isinstance(given, str) else ""
    match element.get("type"):
        case "link":
            return link(text, element.get("url"))
        case "broadcast":
            return reader.everybody
        case "user":
            return f"@{line_of(element.get('user_id'))}"
        case "channel":
            return f"#{line_of(element.get('channel_id'))}"
        case "emoji":
            return f":{line_of(element.get('name'))}:"
    style = dict_of(element.get("style"))
    if style.get("code"):
        return code(text)
    core = text.strip()
    if not core:
        return text
    marks = "".join(mark for name, mark in _STYLES.items() if style.get(name))
    return text.replace(core, f"{marks}{core}{marks[::-1]}", 1)


_STYLES = {"bold": "**", "italic": "_", "strike": "~~"}


def _texts(value: object, reader: Reader) -> Iterator[str]:
    """Yield the texts of a block of an unknown kind, in their order."""
    left = _MOST_TEXTS
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting and left:
        current, depth = waiting.pop()
        if isinstance(current, Mapping):
            if isinstance(current.get("text"), str):
                left -= 1
                yield _text_object(current, reader)
            waiting += [(each, depth + 1) for each in reversed([*current.values()]) if depth < _DEEPEST]
        elif isinstance(current, list) and depth < _DEEPEST:
            waiting += [(each, depth + 1) for each in reversed(current[:_MOST_TEXTS])]


def _attachment(given: Payload, reader: Reader) -> str:
    def rich(value: object) -> str:
        return shortened(markdown(text_of(value), reader), LONGEST_PART)

    title = link(given.get("title"), given.get("title_link"))
    parts = [
        rich(given.get("pretext")),
        link(given.get("author_name"), given.get("author_link")),
        bold(title),
        _blocks(given.get("blocks"), reader),
        rich(given.get("text")),
        *(
            field(line_of(each.get("title")), rich(each.get("value")))
            for each in map(dict_of, list_of(given.get("fields"))[:20])
        ),
        link("image", given.get("image_url")) if given.get("image_url") else "",
        *(
            _element({"type": "button", **dict_of(each)}, reader)
            for each in list_of(given.get("actions"))[:5]
        ),
        rich(given.get("footer")),
    ]
    return lines(parts) or rich(given.get("fallback"))


_BLOCKS: Mapping[str, Read] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _context,
    "image": _image,
    "divider": lambda _block, _reader: "",
    "rich_text": _rich_text,
}
