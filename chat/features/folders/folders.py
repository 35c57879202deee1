"""A person's folders: own sections of their list of rooms. All of it is sync and pure, but the port."""

import unicodedata
from collections.abc import Callable, Collection
from typing import Protocol

import msgspec
from msgspec import structs

from chat.domain.features import Port
from chat.domain.refusals import Code, Refusal

MOST_FOLDERS = 50
MOST_ROOMS = 1000
"""Folders of a person, and rooms in all of them."""

NAME_LENGTH = 64

BAD_NAME = Refusal(
    Code.INVALID,
    f"the name of a folder has 1 to {NAME_LENGTH} visible characters",
    field="name",
    reason="bad_folder_name",
)
NO_FOLDER = Refusal(Code.NOT_FOUND, "there is no such folder", reason="no_folder")
TOO_MANY_FOLDERS = Refusal(
    Code.CONFLICT, f"you have {MOST_FOLDERS} folders already: delete one first", reason="too_many_folders"
)
TOO_MANY_ROOMS = Refusal(
    Code.CONFLICT, f"{MOST_ROOMS} rooms are in folders already", reason="too_many_rooms_in_folders"
)


class Folder(msgspec.Struct, frozen=True):
    """A folder with its rooms, in the order in which they came. A room is in at most one."""

    id: int
    name: str
    rooms: tuple[int, ...] = ()


class Folders(msgspec.Struct, frozen=True):
    """All folders of a person, in the order in which they were made.

    `version` grows with each change; `made` is how many there ever were.
    """

    version: int = 0
    made: int = 0
    folders: tuple[Folder, ...] = ()


NONE = Folders()

Change = Callable[[Folders], Folders | Refusal]


class FolderStore(Protocol):
    """Keeps the folders of people. Every method may raise StorageDown, `change` OutcomeUnknown too."""

    async def read(self, person_id: int) -> Folders:
        """Return the folders of a person."""
        ...

    async def change(self, person_id: int, change: Change) -> Folders | Refusal:
        """Replace the folders of a person by what `change` returns for them, or return its refusal.

        Changes of one person come one after the other. NO_PERSON: they were deleted. Cancelling: it is done or not.
        """
        ...


FOLDERS = Port[FolderStore]("folders")


def clean_name(name: str) -> str | Refusal:
    """Return a folder's name in NFC with single spaces, or BAD_NAME."""
    clean = unicodedata.normalize("NFC", " ".join(name.split()))
    return clean if 1 <= len(clean) <= NAME_LENGTH and clean.isprintable() else BAD_NAME


def with_new(now: Folders, name: str) -> Folders | Refusal:
    """Return the folders with an empty one at the end."""
    if len(now.folders) >= MOST_FOLDERS:
        return TOO_MANY_FOLDERS
    made = now.made + 1
    return _changed(structs.replace(now, made=made), (*now.folders, Folder(made, name)))


def renamed(now: Folders, folder_id: int, name: str) -> Folders | Refusal:
    """Return the folders with another name of one."""
    if not _has(now, folder_id):
        return NO_FOLDER
    return _changed(
        now, [structs.replace(each, name=name) if each.id == folder_id else each for each in now.folders]
    )


def without(now: Folders, folder_id: int) -> Folders | Refusal:
    """Return the folders without one; its rooms are in none then."""
    if not _has(now, folder_id):
        return NO_FOLDER
    return _changed(now, [each for each in now.folders if each.id != folder_id])


def with_room(
    now: Folders, room_id: int, folder_id: int | None, own_rooms: Collection[int]
) -> Folders | Refusal:
    """Return the folders with a room in one alone; None: in none. Rooms that are not among `own_rooms` go."""
    if folder_id is not None and not _has(now, folder_id):
        return NO_FOLDER
    folders = [
        structs.replace(
            each,
            rooms=(
                *(room for room in each.rooms if room != room_id and room in own_rooms),
                *([room_id] if each.id == folder_id else []),
            ),
        )
        for each in now.folders
    ]
    return TOO_MANY_ROOMS if sum(len(each.rooms) for each in folders) > MOST_ROOMS else _changed(now, folders)


def _has(now: Folders, folder_id: int) -> bool:
    return any(each.id == folder_id for each in now.folders)


def _changed(now: Folders, folders: Collection[Folder]) -> Folders:
    return structs.replace(now, version=now.version + 1, folders=tuple(folders))
