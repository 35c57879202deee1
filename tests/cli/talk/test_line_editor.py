"""The input line, and its completion by Tab."""

import pytest

from chat.cli.talk.completion import Candidates, Completion
from chat.cli.talk.line_editor import LineEditor

FAMILY = "👨‍👩‍👧"
ACCENTED = "e\u0301"


def typed(marked: str) -> LineEditor:
    """A line whose cursor stands at the bar."""
    editor = LineEditor(marked.replace("|", ""))
    editor.cursor = marked.index("|")
    return editor


def marked(editor: LineEditor) -> str:
    return f"{editor.text[: editor.cursor]}|{editor.text[editor.cursor :]}"


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("ab|c", "left", "a|bc"),
        ("|abc", "left", "|abc"),
        ("ab|c", "right", "abc|"),
        ("abc|", "right", "abc|"),
        (f"a{FAMILY}|b", "left", f"a|{FAMILY}b"),
        (f"a|{FAMILY}b", "ctrl f", f"a{FAMILY}|b"),
        (f"a{FAMILY}|b", "backspace", "a|b"),
        (f"a|{ACCENTED}b", "delete", "a|b"),
        ("|", "backspace", "|"),
        ("|", "delete", "|"),
        ("one two  |", "ctrl left", "one |two  "),
        ("one| two three", "ctrl right", "one two| three"),
        ("one two  |three", "ctrl w", "one |three"),
        ("one |two three", "meta d", "one | three"),
        ("one\ntwo| three", "ctrl a", "one\n|two three"),
        ("o|ne\ntwo", "end", "one|\ntwo"),
        ("one\ntwo|", "ctrl u", "one\n|"),
        ("o|ne\ntwo", "ctrl k", "o|\ntwo"),
    ],
)
def test_editing_keys_work_as_in_a_shell(before: str, key: str, after: str) -> None:
    editor = typed(before)
    assert editor.press(key)
    assert marked(editor) == after


def test_typed_text_is_inserted_at_the_cursor() -> None:
    editor = typed("a|b")
    editor.insert(FAMILY)
    assert marked(editor) == f"a{FAMILY}|b"
    assert not editor.press("f12")
    editor.replace("new")
    assert marked(editor) == "new|"


WORDS = Candidates(
    ("/direct", "/delete", "/join"),
    ("ben", "Bea Arthur", "ada"),
    ("lobby", "#garden", "@ben"),
    lambda typed: [f"{typed}ictures/", f"{typed}lan.txt"],
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/d|", ["/delete |", "/direct |", "/d|", "/delete |"]),
        ("/x|", ["/x|"]),
        ("hi @BE|, you", ["hi @Bea Arthur |, you", "hi @ben |, you", "hi @BE|, you"]),
        ("hi @bea ar|", ["hi @Bea Arthur |"]),
        ("see #|", ["see #garden |"]),
        ("a@b|", ["a@b|"]),
        ("/direct be|", ["/direct Bea Arthur |", "/direct ben |"]),
        ("/join gar|", ["/join #garden |"]),
        ("/join |", ["/join @ben |", "/join #garden |", "/join lobby |"]),
        ("/msg be|", ["/msg Bea Arthur |", "/msg ben |"]),
        ("/upload ~/p|", ["/upload ~/pictures/|", "/upload ~/plan.txt|"]),
        ("hello|", ["hello|"]),
    ],
)
def test_tab_puts_in_one_after_the_other(before: str, after: list[str]) -> None:
    editor = typed(before)
    completion = Completion(editor, WORDS)
    found = []
    for _ in after:
        completion.next(editor)
        found.append(marked(editor))
    assert sorted(found) == sorted(after) if before == "/join |" else found == after
