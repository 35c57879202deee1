"""Read marks, and which messages count as unread."""

from hypothesis import given
from hypothesis import strategies as st

from chat.domain.entities import Message, MessageKind
from chat.domain.messages.reading import ReadMark, is_unread, joined_marks, next_read

seqs = st.integers(0, 12)
marks = st.builds(ReadMark, seqs, st.booleans())


def test_a_mark_moves_back_only_if_asked_to() -> None:
    assert [next_read(5, ReadMark(seq), 9) for seq in (3, 5, 7, 20)] == [5, 5, 7, 9]
    assert [next_read(5, ReadMark(seq, is_back=True), 9) for seq in (0, 3, 5, 7, 20)] == [0, 3, 5, 7, 9]


@given(seqs, marks, marks, seqs)
def test_joined_marks_equal_both_marks_in_sequence(
    read: int, first: ReadMark, second: ReadMark, last_seq: int
) -> None:
    one_by_one = next_read(next_read(read, first, last_seq), second, last_seq)
    assert next_read(read, joined_marks(first, second), last_seq) == one_by_one


@given(marks, marks, marks)
def test_marks_are_joined_in_any_grouping(a: ReadMark, b: ReadMark, c: ReadMark) -> None:
    assert joined_marks(joined_marks(a, b), c) == joined_marks(a, joined_marks(b, c))


def test_others_texts_after_the_mark_are_unread_unless_deleted() -> None:
    text = Message(9, 2, 5, 1, "Ada", "hello", 1.0)
    joining = Message(9, 2, 5, 1, "Ada", "", 1.0, MessageKind.JOIN)
    assert is_unread(text, 2, 4, is_deleted=False)
    assert not is_unread(text, 2, 5, is_deleted=False)
    assert not is_unread(text, 1, 4, is_deleted=False)
    assert not is_unread(text, 2, 4, is_deleted=True)
    assert not is_unread(joining, 2, 4, is_deleted=False)
