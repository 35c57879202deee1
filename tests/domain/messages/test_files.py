"""Names and types of files, and how they are shown as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from chat.domain.entities import File, Message
from chat.domain.messages.files import (
    ANY_TYPE,
    FILES,
    NAME_BYTES,
    NO_SUCH_FILES,
    clean_file_ids,
    clean_file_name,
    files_json,
    text_of,
    type_of,
)

ROSE = File(1, "rose.png", "image/png", 10, 640, 480)
PLAN = File(2, "plan.pdf", "application/pdf", 20)
SAID = Message(7, 1, 3, 5, "ada", "look", 1.0)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\rose.png", "rose.png"),
        ("a\0b\r\nSet-Cookie: x", "ab Set-Cookie x"),
        ("rose\u202egnp.exe", "rosegnp.exe"),
        ("..", "file"),
        ("", "file"),
        ('  Ärger "№1".txt ', "Ärger №1.txt"),
        ("x" * 4000 + ".tar.gz", "x" * 252 + ".gz"),
        ("x" * NAME_BYTES, "x" * NAME_BYTES),
        ("x" * 300 + "." + "y" * 20, "x" * 234 + "." + "y" * 20),
        ("x" * 300 + "." + "y" * 21, "x" * NAME_BYTES),
        ("ж" * 4000, "ж" * 127),
        ("\ud800.png", "png"),
    ],
)
def test_a_name_can_be_shown_and_saved_anywhere(given: str, name: str) -> None:
    assert clean_file_name(given) == name


@given(st.text(max_size=600))
def test_any_name_becomes_one_that_stays_as_it_is(text: str) -> None:
    name = clean_file_name(text)
    assert 0 < len(name.encode()) <= NAME_BYTES
    assert clean_file_name(name) == name


@pytest.mark.parametrize(
    ("declared", "found", "kind"),
    [
        ("text/plain", "image/png", "image/png"),
        ("image/png", None, ANY_TYPE),
        (" Text/PLAIN ; charset=utf-8", None, "text/plain"),
        ("text", None, ANY_TYPE),
        ("text/" + "x" * 63, None, "text/" + "x" * 63),
        ("text/" + "x" * 64, None, ANY_TYPE),
        ("", None, ANY_TYPE),
    ],
)
def test_the_type_comes_from_the_bytes_or_else_from_the_sender(
    declared: str, found: str | None, kind: str
) -> None:
    assert type_of(declared, found) == kind


def test_a_message_has_each_file_once() -> None:
    assert clean_file_ids([3, 1]) == (3, 1)
    assert clean_file_ids([3, 1, 3]) is NO_SUCH_FILES


def test_files_are_read_as_they_were_written() -> None:
    assert files_json([]) == b""
    assert FILES.decode(files_json([ROSE, PLAN])) == (ROSE, PLAN)


def test_text_alone_shows_files_by_their_names() -> None:
    assert text_of(SAID) == "look"
    shown = structs.replace(SAID, files=(ROSE, PLAN))
    assert text_of(shown) == "look\nrose.png (file)\nplan.pdf (file)"
    assert text_of(structs.replace(shown, text="")) == "rose.png (file)\nplan.pdf (file)"
