"""The rules of folders: pure functions."""

import pytest
from msgspec import structs

from chat.domain.refusals import Refusal
from chat.features.folders import folders
from chat.features.folders.folders import Folder, Folders

TWO = Folders(5, 2, (Folder(1, "one", (7, 8)), Folder(2, "two", (9,))))


def test_a_room_is_in_one_folder_at_most() -> None:
    moved = folders.with_room(TWO, 8, 2, {7, 8, 9})
    assert moved == Folders(6, 2, (Folder(1, "one", (7,)), Folder(2, "two", (9, 8))))
    assert folders.with_room(TWO, 8, None, {7, 8, 9}) == Folders(
        6, 2, (Folder(1, "one", (7,)), Folder(2, "two", (9,)))
    )
    left = folders.with_room(TWO, 8, 1, {8})
    assert left == Folders(6, 2, (Folder(1, "one", (8,)), Folder(2, "two"))), (
        "those that one has left are gone"
    )
    assert folders.with_room(TWO, 8, 3, {8}) is folders.NO_FOLDER


def test_folders_are_made_renamed_and_deleted() -> None:
    gone = folders.without(TWO, 2)
    assert gone == Folders(6, 2, TWO.folders[:1])
    made = folders.with_new(structs.replace(TWO, folders=()), "three")
    assert made == Folders(6, 3, (Folder(3, "three"),)), "no id is given twice"
    assert folders.renamed(TWO, 1, "uno") == Folders(6, 2, (Folder(1, "uno", (7, 8)), TWO.folders[1]))
    for refused in (folders.renamed(TWO, 3, "x"), folders.without(TWO, 3)):
        assert refused is folders.NO_FOLDER


def test_there_are_so_many_at_most() -> None:
    now = Folders(0, 0, tuple(Folder(nth, "x") for nth in range(1, folders.MOST_FOLDERS + 1)))
    assert folders.with_new(now, "x") is folders.TOO_MANY_FOLDERS
    full = Folders(0, 2, (Folder(1, "x", tuple(range(1, folders.MOST_ROOMS + 1))), Folder(2, "y")))
    rooms = range(1, folders.MOST_ROOMS + 3)
    assert folders.with_room(full, folders.MOST_ROOMS + 1, 2, rooms) is folders.TOO_MANY_ROOMS
    assert isinstance(folders.with_room(full, 1, 2, rooms), Folders)


@pytest.mark.parametrize("name", ["", "  ", "a\u200bb", "x" * 65, "a\x00"])
def test_a_wrong_name_is_refused(name: str) -> None:
    assert isinstance(folders.clean_name(name), Refusal)
    assert folders.clean_name("  Gärten  im\tMai ") == "Gärten im Mai"
