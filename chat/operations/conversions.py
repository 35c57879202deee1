"""Converts values of the domain to values of the native protocol. Everything is sync and pure."""

from collections.abc import Sequence
from typing import Any

from chat.domain import entities
from chat.domain.accounts.account_changes import roles_of
from chat.domain.accounts.program_names import is_program
from chat.domain.entities import MessageKind
from chat.domain.messages.mentions import ALL
from chat.domain.messages.sync_types import MessageNow, RoomSnapshot, SupportStatus, milliseconds
from chat.operations.room_values import (
    Deletion,
    FileInfo,
    Message,
    Reaction,
    Room,
    Sender,
    Support,
    SupportState,
)
from chat.operations.values import Me, People, Person, PersonStatus


def as_person(person: entities.Person, reader: entities.Person | None = None) -> Person:
    """Return a person as everybody with an account sees them, or as this `reader` does."""
    return Person(**person_fields(person, reader))


def person_fields(person: entities.Person, reader: entities.Person | None = None) -> dict[str, Any]:
    """Return the fields of a person as everybody with an account sees them; a visitor sees no status."""
    return {
        "id": person.id,
        "name": person.name,
        "display": person.display_name,
        "picture": person.picture,
        "status": None if reader is not None and reader.is_visitor else as_status(person),
        "roles": ["guest"] if person.is_visitor and not is_program(person) else [*roles_of(person)],
        "changed": milliseconds(person.changed_at),
    }


def as_status(person: entities.Person) -> PersonStatus | None:
    """Return the person's status, if they have one."""
    if person.status_emoji is None and not person.status_text:
        return None
    until = person.status_until
    return PersonStatus(
        emoji=person.status_emoji,
        text=person.status_text,
        until=None if until is None else milliseconds(until),
    )


def as_me(person: entities.Person) -> Me:
    """Return a person as they see themselves."""
    return Me(**person_fields(person), email=person.email, share_reads=person.share_reads)


def as_message(message: MessageNow) -> Message:
    """Return a message as history and snapshots have it."""
    return Message(**message_fields(message, message.changed_pos))


def as_new_message(message: entities.Message, key: str | None) -> Message:
    """Return a message that was just saved, for its sender."""
    return Message(
        room=message.room_id,
        seq=message.seq,
        pos=message.pos,
        at=milliseconds(message.created_at),
        sender=Sender(id=message.sender_id, name=message.sender_name),
        text=message.text,
        key=key,
        **references(message),
    )


def references(message: entities.Message | MessageNow) -> dict[str, Any]:
    """Return the fields for the reply, the mentions and the files of a message; only those that it has."""
    fields: dict[str, Any] = {} if message.reply is None else {"reply": message.reply, "root": message.root}
    if message.mentions:
        fields |= mentioned(message.mentions)
    if message.files:
        fields["files"] = tuple(map(as_file, message.files))
    return fields


def as_file(file: entities.File) -> FileInfo:
    """Return a file as readers of its message see it."""
    return FileInfo(
        id=file.id, name=file.name, type=file.type, size=file.size, width=file.width, height=file.height
    )


def mentioned(mentions: tuple[int, ...]) -> dict[str, Any]:
    """Return the fields for the people whom a text mentions."""
    people = tuple(person_id for person_id in mentions if person_id != ALL)
    return {"mentions": people, "all": len(people) < len(mentions)}


def message_fields(message: MessageNow, pos: int) -> dict[str, Any]:
    """Return the fields of a message in its current state, with the given `pos`."""
    return {
        "room": message.room_id,
        "seq": message.seq,
        "pos": pos,
        "at": milliseconds(message.created_at),
        "sender": Sender(id=message.sender_id, name=message.sender_name),
        "kind": "join" if message.kind is MessageKind.JOIN else "text",
        "text": message.text,
        **references(message),
        "key": message.key,
        "reactions": tuple(
            Reaction(emoji=each.emoji, count=each.count, people=each.people, mine=each.is_mine)
            for each in message.reactions
        ),
        "edited": None if message.edited_at is None else milliseconds(message.edited_at),
        "deleted": None
        if message.deleted_at is None
        else Deletion(at=milliseconds(message.deleted_at), by=message.deleted_by),
    }


def as_room(snapshot: RoomSnapshot) -> Room:
    """Return a room as one person sees it."""
    return Room(**room_fields(snapshot))


def room_fields(snapshot: RoomSnapshot) -> dict[str, Any]:
    """Return the fields of a room as one person sees it."""
    return {
        "id": snapshot.id,
        "kind": snapshot.kind.value,
        "name": snapshot.name,
        "topic": snapshot.topic,
        "picture": snapshot.picture,
        "private": snapshot.is_private,
        "archived": snapshot.is_archived,
        "slow_mode": snapshot.slow_seconds,
        "role": snapshot.role.value,
        "members": snapshot.members,
        "pos": snapshot.pos,
        "at": snapshot.at,
        "seq": snapshot.seq,
        "first": snapshot.first,
        "read": snapshot.read,
        "unread": snapshot.unread,
        "mentions": snapshot.mentions,
        "notify": snapshot.notify.value,
        "hidden": snapshot.is_hidden,
        "starred": snapshot.is_starred,
        "last": None if snapshot.last is None else as_message(snapshot.last),
        "peer": None if snapshot.peer is None else as_person(snapshot.peer),
        "others": None if snapshot.others is None else tuple(map(as_person, snapshot.others)),
        "support": None if snapshot.support is None else _support(snapshot, snapshot.support),
    }


def _support(snapshot: RoomSnapshot, support: SupportStatus) -> Support:
    person = snapshot.peer
    assert person is not None  # a conversation has its person
    return Support(
        person=as_person(person),
        state=support_state(is_closed=support.is_closed),
        assignee=as_sender(support.assignee),
        waiting_since=None if support.waiting_since is None else milliseconds(support.waiting_since),
        email=None if snapshot.visit is None else snapshot.visit.email,
        page=None if snapshot.visit is None else snapshot.visit.page,
        verified=snapshot.visit is not None and snapshot.visit.is_verified,
        came=milliseconds(person.created_at) if person.is_visitor else None,
        blocked=person.is_visitor and person.is_disabled,
    )


def support_state(*, is_closed: bool) -> SupportState:
    """Return the state of a support conversation."""
    return "closed" if is_closed else "open"


def as_sender(peer: entities.Peer | None) -> Sender | None:
    """Return somebody by id and name."""
    return None if peer is None else Sender(id=peer.id, name=peer.name)


def page_of_people(found: Sequence[entities.Person], limit: int) -> People:
    """Return a page of these people; the query asked for one more. Sync and pure."""
    page = found[:limit]
    return People(
        people=[as_person(each) for each in page], next=page[-1].name if len(found) > len(page) else None
    )
