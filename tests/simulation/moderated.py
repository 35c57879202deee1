"""Checks the log of the moderators' room against its roles: each entry was allowed at its place.

The rules are written down here once more, as docs/protocols/native.md has them: the server's own are not asked.
"""

from collections.abc import Iterator

from chat.domain.entities import Message, MessageKind
from chat.domain.messages.changes import Deleted, Removed, RoleChanged, RoomChanged
from tests.reference.storage import MemoryStorage
from tests.simulation.record import Act, ModeratedRoom

_RANKS = ("", "member", "moderator", "owner")
_LEADING = ("moderator", "owner")


def moderated_room(kept: MemoryStorage, room_id: int, roles: dict[int, str]) -> ModeratedRoom:
    """Return what the storage has of the room; `roles` are those of its beginning."""
    room = kept.rooms.look_up(room_id)
    assert room is not None
    assert room.creator_id is not None
    acts, senders = [], dict[int, int]()
    for change in kept.messages.log_of(room_id):
        match change:
            case Message(kind=MessageKind.JOIN):
                senders[change.seq] = change.sender_id
                acts.append(Act(change.pos, "join", 0, change.sender_id))
            case Message():
                senders[change.seq] = change.sender_id
            case Removed(person_id=person):
                acts.append(Act(change.pos, "ban" if change.is_ban else "remove", change.actor_id, person))
            case RoleChanged(person_id=person):
                acts.append(Act(change.pos, "role", change.actor_id, person, change.role.value))
            case Deleted(actor_id=int(actor)):
                acts.append(Act(change.pos, "delete", actor, senders[change.seq]))
            case RoomChanged():
                acts.append(Act(change.pos, "topic", change.actor_id, 0))
    return ModeratedRoom(room.creator_id, roles, acts)


def check_moderated(room: ModeratedRoom) -> Iterator[str]:
    """Yield what was done by somebody who might not do it, by the roles that the log had given until then."""
    roles = dict(room.roles)
    for act in room.acts:
        by, of = _role(roles, act.who, room.creator), roles.get(act.whom, "")
        if not _is_allowed(act, by, of):
            yield f"{act.who or 'somebody'}, {by or 'outside'}, did {act} to {act.whom}, {of or 'outside'}"
        match act.what:
            case "join":
                owns = act.whom == room.creator and "owner" not in roles.values()
                roles[act.whom] = "owner" if owns else "member"
            case "role":
                roles[act.whom] = act.role
            case "remove" | "ban":
                roles.pop(act.whom, None)


def _role(roles: dict[int, str], person: int, creator: int) -> str:
    """Return what somebody is: who has made the room owns it where nobody does, also from outside."""
    owns = person == creator and person not in roles and "owner" not in roles.values()
    return "owner" if owns else roles.get(person, "")


def _is_allowed(act: Act, by: str, of: str) -> bool:
    is_own = act.who == act.whom
    match act.what:
        case "join":
            return of == ""  # by whom, the log does not say
        case "remove" if is_own:
            return True
        case "remove" | "ban":
            return by in _LEADING and of != "owner" and not is_own
        case "role" if is_own:
            return _RANKS.index(act.role) <= _RANKS.index(by)
        case "role":
            return by == "owner" and of != ""
        case "delete":
            return is_own or by in _LEADING
        case _:
            return by in _LEADING
