"""A session by the keyboard, as a screen reader says it; docs/screen-readers.md is the script and what is said."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import expect

from tests.support.people import PASSWORD
from tests.web.pages import PATIENCE, Pages
from tests.web.screen_reader import ScreenReader
from tests.web.talking import Speaker

DOCUMENT = Path(__file__).parents[2] / "docs" / "screen-readers.md"
WRITES = "TRANSCRIPT" in os.environ
"""Whether what is said is written into the document; it is compared afterwards in any case."""
_QUIET = 5
"""Seconds without a word after which a step is over, when the document is written."""


def test_a_session_by_the_keyboard_is_said_as_the_document_has_it(pages: Pages) -> None:
    before, opening, rest = DOCUMENT.read_text("utf-8").partition("```text\n")
    transcript, closing, after = rest.partition("\n```")
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    room = ada.make_room("garden", ben)
    page = pages.empty()
    reader = ScreenReader(page)
    heard: list[str] = []
    for act, expected in _steps(transcript):
        kind, _, rest = act.partition(" ")
        reader.begin()
        if kind == "open":
            page.goto(pages.url + rest)
        elif kind == "type":
            page.keyboard.insert_text(rest.replace("****", PASSWORD))
        elif kind == "ben:":
            ben.say(room, rest)
        else:
            page.keyboard.press(act)
        expect(page.locator(".message.is-waiting")).to_have_count(0)
        heard += [f"> {act}", *_said(reader, None if WRITES else expected)]
    if WRITES:
        DOCUMENT.write_text("".join([before, opening, "\n".join(heard), closing, after]), "utf-8")
    assert "\n".join(heard) == transcript


def _steps(transcript: str) -> Iterator[tuple[str, list[str]]]:
    """Each act, with the lines that are said after it."""
    for step in re.split(r"^> ", transcript, flags=re.MULTILINE)[1:]:
        act, *said = step.strip("\n").split("\n")
        yield act, said


def _said(reader: ScreenReader, expected: list[str] | None) -> list[str]:
    """What is said once it is what is expected, or once it stays the same."""
    said: list[str] = []
    overdue = time.monotonic() + PATIENCE / 1000
    while said != expected and time.monotonic() < overdue:
        time.sleep(0.02)
        before, said = said, reader.said()
        if expected is None and before != said:
            overdue = time.monotonic() + _QUIET
    return said
