"""Decodes the rows of the log: for servers that follow it, and for clients that missed a part of it.

Both statements name their columns alike: `message_id`, `room_id`, `message_seq`, `message_pos`, `what` (the kind),
`sender_id`, `created_at`, and the columns of each kind. Only messages differ: the log has the text as it was sent, a
replay the current one.
"""

from collections.abc import Callable, Iterable

import asyncpg

from chat.domain.entities import People
from chat.domain.messages.changes import (
    Deleted,
    Edited,
    FeatureChange,
    Reacted,
    Removed,
    RoleChanged,
    RoomChanged,
    RoomDeleted,
    SupportChanged,
    UnknownChange,
)
from chat.domain.rooms.membership import RoomRole
from chat.storage.postgres.features import FeatureRows, StoredFeature
from chat.storage.postgres.support import assignee_of

NoMessage = (
    Edited
    | Deleted
    | Reacted
    | Removed
    | RoomDeleted
    | RoleChanged
    | RoomChanged
    | SupportChanged
    | FeatureChange
    | UnknownChange
)


class ChangeRows:
    """Decodes rows that are no message. All of it is sync and pure."""

    def __init__(self, features: Iterable[StoredFeature] = ()) -> None:
        self._of_feature = FeatureRows(features).decode
        self._decoders: dict[str, Callable[[asyncpg.Record, People], NoMessage]] = {
            "edited": _edited,
            "deleted": _deleted,
            "reacted": _reacted,
            "support": _support,
            "removed": _removed,
            "role": _role,
            "changed": self._changed,
            "gone": _gone,
        }

    def decode(self, row: asyncpg.Record, people: People = None) -> NoMessage:
        """Return the change of a row. A kind that only a newer release knows is an UnknownChange."""
        return self._decoders.get(row["what"], _unknown)(row, people)

    def _changed(self, row: asyncpg.Record, people: People) -> NoMessage:
        if row["data"] is not None:
            return self._of_feature(row, people)
        state = row["name"], row["text"], row["is_private"], row["is_archived"]
        return RoomChanged(*_place(row), row["sender_id"], *state, row["created_at"])


def _numbers(row: asyncpg.Record) -> tuple[int, int, int, int]:
    return row["message_id"], row["room_id"], row["message_seq"], row["message_pos"]


def _place(row: asyncpg.Record) -> tuple[int, int, int]:
    return row["message_id"], row["room_id"], row["message_pos"]


def _edited(row: asyncpg.Record, people: People) -> Edited | Deleted:
    if row["text"] is None:  # the message is removed by now, and nobody may read what was in it
        return _deleted(row, people)
    edit = row["sender_id"], row["text"], row["created_at"], people
    return Edited(*_numbers(row), *edit, tuple(row["mentions"] or ()))


def _deleted(row: asyncpg.Record, people: People) -> Deleted:
    return Deleted(*_numbers(row), row["sender_id"], row["created_at"], people)


def _reacted(row: asyncpg.Record, people: People) -> Reacted:
    reaction = row["emoji"], row["is_on"], row["count"]
    return Reacted(*_numbers(row), row["sender_id"], *reaction, row["created_at"], people)


def _support(row: asyncpg.Record, people: People) -> SupportChanged:
    status = row["is_closed"], assignee_of(row), row["waiting_since"]
    return SupportChanged(*_place(row), row["sender_id"], *status, row["created_at"], people)


def _removed(row: asyncpg.Record, _people: People) -> Removed:
    by = row["member_id"], row["sender_id"], row["created_at"]
    return Removed(*_place(row), *by, is_ban=row["role"] is not None)


def _role(row: asyncpg.Record, _people: People) -> RoleChanged:
    role = RoomRole(row["role"])
    return RoleChanged(*_place(row), row["member_id"], role, row["sender_id"], row["created_at"])


def _gone(row: asyncpg.Record, _people: People) -> RoomDeleted:
    return RoomDeleted(*_place(row), row["sender_id"], row["created_at"])


def _unknown(row: asyncpg.Record, people: People) -> UnknownChange:
    return UnknownChange(*_place(row), row["created_at"], people)
