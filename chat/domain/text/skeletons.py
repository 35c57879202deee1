"""Detects names that look alike, by the skeletons of Unicode TS 39, and names that mix scripts.

The data (Unicode's confusables.txt and Scripts.txt) come with the library confusable-homoglyphs. Reading them takes
some hundredths of a second. It happens for the first name, or earlier: a server calls read_tables() at its start.
"""

import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

import msgspec

LONGEST_SKELETON = 256
"""Characters that are kept of a skeleton: one letter may become 18 (U+FDFA), and index entries are bounded."""

_TOGETHER = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
"""Scripts that one name may combine: TS 39, "highly restrictive"."""

_ANY_SCRIPT = frozenset({"COMMON", "INHERITED"})
_LEFT_TO_RIGHT = "\u200e"
"""The library's data have this mark around right-to-left letters; it is removed."""


def read_tables() -> None:
    """Read the data now instead of for the first name. Sync; some hundredths of a second, once."""
    _prototypes()
    _script_of()


class _Other(msgspec.Struct, gc=False):
    """A look-alike of a character in the library's JSON file; msgspec decodes it in half the library's time."""

    c: str


def _partners() -> dict[str, set[str]]:
    from confusable_homoglyphs.utils import path  # late: it imports an HTTP client

    listed = msgspec.json.decode(Path(path("confusables.json")).read_bytes(), type=dict[str, list[_Other]])
    partners: dict[str, set[str]] = {}
    for one, others in listed.items():
        its = partners.setdefault(one.replace(_LEFT_TO_RIGHT, ""), set())
        its.update([other.c.replace(_LEFT_TO_RIGHT, "") for other in others])
    return partners


@cache
def _prototypes() -> dict[int, str]:
    """Return the prototype of each character that looks like another.

    TS 39 maps all look-alikes to one prototype, which may be several characters ("m" is "rn") and has no prototype
    itself. But the library lists each pair in both directions. So the prototype is the side that has several partners
    or several characters; in a pair that has only each other, either will do.
    """
    partners, prototypes = _partners(), {}
    for char, its in partners.items():
        if len(char) == 1 and len(its) == 1:
            (other,) = its
            if len(other) > 1 or len(partners[other]) > 1 or other < char:
                prototypes[ord(char)] = other
    # A prototype of several characters may contain a character that got a prototype itself.
    return {char: prototype.translate(prototypes) for char, prototype in prototypes.items()}


@cache
def _script_of() -> Callable[[str], str]:
    """Return the function that returns a character's script."""
    from confusable_homoglyphs.categories import alias  # late: it reads data

    script_of: Callable[[str], str] = alias
    return script_of


@lru_cache(maxsize=1024)
def name_skeletons(name: str) -> tuple[str, ...]:
    """Return the skeletons of a (clean) name, sorted: two names look alike if they share one.

    TS 39 ignores case, but names compare without it. So a name has up to three skeletons: of its lower case, of its
    upper case (Cyrillic "Том" looks like "Tom" in capitals only), and the lower case of its own skeleton ("AIice"
    looks like "Alice", which is "alice").
    """
    plain = unicodedata.normalize("NFKC", name)
    spellings = plain.casefold(), plain.upper(), _skeleton(plain).casefold()
    return tuple(sorted({_skeleton(spelling) for spelling in spellings}))


def _skeleton(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFD", decomposed.translate(_prototypes()))[:LONGEST_SKELETON]


def mixes_scripts(name: str) -> bool:
    """Whether a name has letters of scripts that no language combines, such as Latin and Cyrillic."""
    script_of = _script_of()
    scripts = {script_of(char) for char in unicodedata.normalize("NFKC", name)} - _ANY_SCRIPT
    return len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER)
