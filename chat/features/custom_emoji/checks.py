"""Which names and which files an emoji of the server may have. Everything is sync; nothing is decoded."""

import json
import re
from functools import cache
from pathlib import Path

import msgspec

from chat.domain.messages.images import read_image
from chat.domain.refusals import Code, Refusal

MOST_BYTES = 131_072
"""Bytes of an image."""

MOST_SIDE = 512
"""Pixels of a side: browsers decode the image, for each of those who see it."""

NAME_LENGTH = 32

_STANDARD = Path(__file__).parents[2] / "web" / "vendor" / "emoji.json"
_NAME = re.compile(rf"[a-z0-9_-]{{2,{NAME_LENGTH}}}")
_TYPES = frozenset({"image/png", "image/webp", "image/gif"})

BAD_NAME = Refusal(
    Code.INVALID,
    f"the name of an emoji has 2 to {NAME_LENGTH} small letters a to z, digits, '-' and '_'",
    field="name",
    reason="bad_emoji_name",
)
STANDARD_NAME = Refusal(
    Code.CONFLICT, "there is a standard emoji with that name", field="name", reason="standard_emoji"
)
NO_EMOJI_IMAGE = Refusal(
    Code.INVALID,
    f"an emoji is a PNG, WebP or GIF image of at most {MOST_SIDE} pixels a side",
    reason="emoji_image",
)
TOO_BIG = Refusal(Code.TOO_BIG, f"an emoji has at most {MOST_BYTES} bytes", reason="emoji_too_big")


class Checked(msgspec.Struct, frozen=True):
    """The media type of an image, and its sides in pixels."""

    type: str
    width: int
    height: int


def check_name(name: str) -> Refusal | None:
    """Return why an emoji can't have this name."""
    if not _NAME.fullmatch(name):
        return BAD_NAME
    return STANDARD_NAME if name.replace("-", "_") in _standard_names() else None


@cache
def _standard_names() -> frozenset[str]:
    """Return the English names that standard emoji are shown with, in the form of names here; they are read once.

    Their other names are words to find them by, as "party" and "awesome".
    """
    groups = json.loads(_STANDARD.read_text("utf-8"))
    return frozenset(
        re.sub(r"[^a-z0-9]+", "_", each["names"][0].lower()).strip("_")
        for group in groups
        for each in group["emoji"]
    )


def check_image(data: bytes) -> Checked | Refusal:
    """Return the type and the sides of an image by its first bytes, or why it is refused."""
    if len(data) > MOST_BYTES:
        return TOO_BIG
    image = read_image(data)
    if image is None or image.type not in _TYPES or image.width is None or image.height is None:
        return NO_EMOJI_IMAGE
    if max(image.width, image.height) > MOST_SIDE:
        return NO_EMOJI_IMAGE
    return Checked(image.type, image.width, image.height)
