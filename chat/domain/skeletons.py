"""Names that look alike: the skeletons of Unicode TS 39, and the scripts that one name may be written in.

The data are the library's (confusables.txt and Scripts.txt of Unicode). Reading them takes some hundredths of a second:
they are read for the first name that is looked at, or by whoever serves before that.
"""

import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

import msgspec

LONGEST_SKELETON = 256
"""Characters that are kept of a skeleton. One letter may stand for 18 (U+FDFA), and an index has bounded entries."""

_TOGETHER = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
"""Scripts that are written together: TS 39, "highly restrictive"."""

_ANY_SCRIPT = frozenset({"COMMON", "INHERITED"})
_LEFT_TO_RIGHT = "\u200e"
"""Stands around right-to-left letters in the comments of confusables.txt, which the library reads."""


def read_tables() -> None:
    """Read the data now, so that no name has to wait for them. Sync; some hundredths of a second, once."""
    _prototypes()
    _script_of()


class _Other(msgspec.Struct, gc=False):
    """What looks like a character, as the library's file has it; msgspec reads it in half the time."""

    c: str


def _partners() -> dict[str, set[str]]:
    from confusable_homoglyphs.utils import path  # late: it loads what fetches the data anew

    listed = msgspec.json.decode(Path(path("confusables.json")).read_bytes(), type=dict[str, list[_Other]])
    partners: dict[str, set[str]] = {}
    for one, others in listed.items():
        its = partners.setdefault(one.replace(_LEFT_TO_RIGHT, ""), set())
        its.update([other.c.replace(_LEFT_TO_RIGHT, "") for other in others])
    return partners


@cache
def _prototypes() -> dict[int, str]:
    """Return what stands for each character that looks like another.

    The library has each pair both ways. In TS 39 all that look alike have one prototype, which may be several
    characters ("m" is "rn") and has no other prototype. So it is what has several partners, or is several characters;
    of two that have only each other either will do.
    """
    partners, prototypes = _partners(), {}
    for char, its in partners.items():
        if len(char) == 1 and len(its) == 1:
            (other,) = its
            if len(other) > 1 or len(partners[other]) > 1 or other < char:
                prototypes[ord(char)] = other
    # Several characters may hold one of two for which we chose the other.
    return {char: prototype.translate(prototypes) for char, prototype in prototypes.items()}


@cache
def _script_of() -> Callable[[str], str]:
    """Return what tells the script of a character."""
    from confusable_homoglyphs.categories import alias  # late: it reads data

    script_of: Callable[[str], str] = alias
    return script_of


@lru_cache(maxsize=1024)
def name_skeletons(name: str) -> tuple[str, ...]:
    """Return, sorted, what a (clean) name has in common with each name that looks like it: they share one of these.

    TS 39 knows no case, and names compare without it. So there is a skeleton in lower case and one in upper case
    (Cyrillic "Том" looks like "Tom" in capitals alone), and one in lower case of what the name looks like as it is
    written ("AIice" like "Alice", which is "alice").
    """
    plain = unicodedata.normalize("NFKC", name)
    spellings = plain.casefold(), plain.upper(), _skeleton(plain).casefold()
    return tuple(sorted({_skeleton(spelling) for spelling in spellings}))


def _skeleton(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFD", decomposed.translate(_prototypes()))[:LONGEST_SKELETON]


def mixes_scripts(name: str) -> bool:
    """Whether a name has letters of scripts that no language writes together, as Latin and Cyrillic."""
    script_of = _script_of()
    scripts = {script_of(char) for char in unicodedata.normalize("NFKC", name)} - _ANY_SCRIPT
    return len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER)
