"""Letters in the languages of the page. Pure."""

from collections.abc import Mapping
from typing import Literal

from chat.mail.letter import Letter

Language = Literal["de", "en", "es", "fr", "pt", "ru", "zh"]


def letter_in(language: str, letters: Mapping[str, Letter], fields: Mapping[str, object]) -> Letter:
    """Return the letter in that language, else the English one, with each `{field}` filled in. Sync and pure."""
    found = letters.get(language, letters["en"])
    label, url = found.link or ("", "")
    return Letter(
        found.subject.format_map(fields),
        tuple(each.format_map(fields) for each in found.paragraphs),
        (label, url.format_map(fields)),
        found.footer.format_map(fields),
    )
