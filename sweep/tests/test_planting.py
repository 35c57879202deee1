"""A text in the place of another in a function; a planted one is there for a block only."""

from typing import Any

import pytest
from trio_cancel_sweep import NothingToReplace, Replacement, planted


class Held:
    """What the tests plant defects in."""

    def __init__(self) -> None:
        self.held = 1

    def release(self) -> int:
        """Say “self.held -= 1”: this is no place for a defect."""
        if self.held:
            self.held -= 1
        return self.held

    @property
    def is_free(self) -> bool:
        self.release()
        return self.held == 0


held_free: Any = Held.__dict__["is_free"].fget
HERE = __name__


def test_a_planted_defect_also_affects_existing_references_to_the_function() -> None:
    with planted(f"{HERE}:Held.is_free", "pass", instead_of="self.release()")():
        assert not Held().is_free
        assert not held_free(Held())
    assert Held().is_free


@pytest.mark.parametrize(
    ("new", "instead_of", "left"),
    [
        ("self.held += 2\nself.held *= 2", "self.held -= 1", 6),
        ("self.held = 5", "", 4),
        ("if self.held:\n    return 7", "", 7),
    ],
)
def test_a_text_is_planted_with_the_indentation_of_its_place(new: str, instead_of: str, left: int) -> None:
    with planted(f"{HERE}:Held.release", new, instead_of=instead_of)():
        assert Held().release() == left
    assert Held().release() == 0


@pytest.mark.parametrize(
    ("target", "got"),
    [
        ("Held.is_gone", "there is no is_gone"),
        ("Nobody.release", "there is no Nobody"),
        ("HERE", "is not a function"),
        ("Held.is_free", "Held.is_free has 0 times 'self.held -= 1'"),
    ],
)
def test_a_target_that_is_not_there_any_more_is_named(target: str, got: str) -> None:
    plant = planted(f"{HERE}:{target}", "pass", instead_of="self.held -= 1")
    with pytest.raises(NothingToReplace, match=got), plant():
        pass


def test_a_text_that_stands_there_twice_is_ambiguous() -> None:
    plant = planted(f"{HERE}:Held.release", "pass", instead_of="self.held")
    with pytest.raises(NothingToReplace, match=r"3 times 'self\.held'"), plant():
        pass


def test_a_replacement_counts_bytes_and_looks_at_what_is_there() -> None:
    assert Replacement(len("é = ".encode()), "a", "b").made_in("é = a") == "é = b"
    with pytest.raises(NothingToReplace, match="'a' is not there any more"):
        Replacement(0, "a", "b").made_in("c")
