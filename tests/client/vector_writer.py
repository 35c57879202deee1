"""Writes tests/client/vectors/*.json from the model: frames in, rooms out, for any client of the native protocol.

    python -m tests.client.vector_writer

A vector has `me`; `positions`, which the client was given at its start; `steps`, in order: `frame` is an event to
apply, `history` is a page that was read, `gaps` are the rooms that then have to be asked for by `sync`, each with the
position to ask from (its answer is in the frames that follow, up to `synced`). Then what must have become of it:
`told`, each event of a room that is news to the program, in order; `rooms`, as a reload would show them; `messages`,
of which a client may hold fewer, but none that differs.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path

from tests.client.model import Json, ModelRoom, ModelWorld

DIRECTORY = Path(__file__).parent / "vectors"
PEOPLE = {1: "ada", 2: "ben", 3: "cleo"}
ME = 1


class Vector:
    """One vector while it is written: what the model tells somebody, on a line that may lose some of it."""

    def __init__(self, about: str, positions: dict[int, tuple[int, int]] | None = None) -> None:
        self.world = ModelWorld(PEOPLE)
        self.about = about
        self.positions = positions or {}
        self.steps: list[Json] = []
        self.got: list[tuple[str, int, int]] = []
        self._at: dict[int, tuple[int, int]] = dict(self.positions)

    def snapshot(self, room: ModelRoom) -> None:
        """The room is sent, as at a first sync or a join."""
        self.steps.append({"frame": {"type": "room", **room.snapshot(ME)}})
        if room.id not in self._at:
            self.got.append(("room", room.id, room.pos))
            self._at[room.id] = (room.pos, room.at(room.pos))

    def receive(self, event: Json | None) -> None:
        """An event arrives."""
        if event is None:
            return
        self.steps.append({"frame": event})
        room, kind = event["room"], event["type"]
        if kind == "gone":
            if self._at.pop(room, None) is not None:
                self.got.append((kind, room, 0))
        elif kind in ("read", "members"):
            self.got.append((kind, room, self._at[room][0]))
        elif event["pos"] == self._at[room][0] + 1:
            self._at[room] = (event["pos"], event["at"])
            if kind != "weather":
                self.got.append((kind, room, event["pos"]))

    def lose(self, event: Json | None) -> None:
        """An event does not arrive."""

    def gap(self, room: ModelRoom) -> None:
        """The client must request the room from its position, and gets it."""
        self.steps.append({"gaps": {str(room.id): list(self._at[room.id])}})
        self.sync(room)

    def sync(self, room: ModelRoom) -> None:
        """The room's changes since the client's position are sent."""
        for frame in room.sync(ME, *self._at[room.id]):
            if frame["type"] == "room":
                self.steps.append({"frame": frame})
                self.got.append(("room", room.id, frame["pos"]))
                self._at[room.id] = (frame["pos"], frame["at"])
            else:
                self.receive(frame)
        self.steps.append({"synced": room.id})

    def history(self, room: ModelRoom, first: int, last: int) -> None:
        """A page of the history is read."""
        self.steps.append({"history": [room.message_for(ME, seq) for seq in range(first, last + 1)]})

    def as_json(self) -> Json:
        rooms = [room for room in self.world.rooms.values() if ME in room.members]
        return {
            "about": self.about,
            "me": ME,
            "positions": {str(room): list(position) for room, position in self.positions.items()},
            "steps": self.steps,
            "told": self.got,
            "rooms": [room.snapshot(ME) for room in rooms],
            "messages": [
                room.message_for(ME, seq)
                for room in rooms
                for seq in range(max(room.seq - 50, 0) + 1, room.seq + 1)
            ],
        }


def changes() -> Vector:
    vector = Vector("each kind of change, told once")
    room = vector.world.add_room(1, 2)
    vector.snapshot(room)
    for event in (
        room.say(2, "good mroning", "k1"),
        room.edit(3, "good morning"),
        room.react(3, 1, "👍", on=True),
        room.react(3, 3, "👍", on=True),
        room.react(3, 1, "👍", on=False),
        room.say(1, "hello ben", "k2"),
        room.join(3),
        room.say(3, "hello", "k3"),
        room.delete(6, 3),
        room.give_role(3, "moderator", 2),
        room.give_role(1, "owner", 2),
        room.change(1, name="garden", topic="roses"),
        room.change(1, topic="", private=True, archived=True),
        room.ban(3, 1),
        room.remove(2, 1),
    ):
        vector.receive(event)
    return vector


def again() -> Vector:
    vector = Vector("events that come twice are told once")
    room = vector.world.add_room(1, 2)
    vector.snapshot(room)
    events = [room.say(2, "one", "k1"), room.say(2, "two", "k2"), room.react(3, 2, "👍", on=True)]
    for event in (*events, *events[1:], events[0]):
        vector.receive(event)
    return vector


def gap() -> Vector:
    vector = Vector("an event that is not the next: the room is asked for, and nothing is told out of order")
    room = vector.world.add_room(1, 2)
    vector.snapshot(room)
    vector.receive(room.say(2, "one", "k1"))
    vector.lose(room.say(2, "two", "k2"))
    vector.lose(room.edit(4, "zwei"))
    vector.receive(room.say(2, "three", "k3"))
    vector.gap(room)
    vector.receive(room.say(2, "four", "k4"))
    return vector


def restart() -> Vector:
    first = Vector("")
    room = first.world.add_room(1, 2)
    room.say(2, "one", "k1")
    position = (room.pos, room.at(room.pos))
    vector = Vector(
        "after a restart with a kept position: the room is a snapshot, its news come after", {1: position}
    )
    vector.world = first.world
    room.say(2, "two", "k2")
    room.edit(3, "eins")
    room.delete(4, 2)
    vector.snapshot(room)
    vector.sync(room)
    vector.receive(room.say(2, "three", "k3"))
    return vector


def reset(reason: str) -> Vector:
    vector = Vector(f"history was reset ({reason}): what was known of the room is void")
    room = vector.world.add_room(1, 2)
    vector.snapshot(room)
    vector.receive(room.say(2, "one", "k1"))
    vector.receive(room.say(2, "two", "k2"))
    if reason == "other_history":
        room.restore(3)
        room.say(2, "another two", "k2")
    elif reason == "erased":
        room.say(2, "three", "k3")
        room.floor = room.pos
    else:
        for n in range(1001):
            room.say(2, str(n), f"n{n}")
    vector.sync(room)
    vector.receive(room.say(1, "hm", "k4"))
    return vector


def gone() -> Vector:
    vector = Vector("removed, and a member again: what comes late of a room that was left is nothing")
    room = vector.world.add_room(1, 2)
    vector.snapshot(room)
    late = room.say(2, "one", "k1")
    vector.receive(late)
    room.remove(1, 2)
    vector.receive({"type": "gone", "room": room.id, "reason": "removed"})
    vector.steps.append({"frame": room.say(2, "among us", "k2")})
    room.join(1)
    vector.snapshot(room)
    vector.receive(room.say(2, "welcome back", "k3"))
    return vector


def unread() -> Vector:
    vector = Vector("unread: texts of others after the mark that are not deleted; one's own moves the mark")
    room = vector.world.add_room(1, 2)
    vector.snapshot(room)
    for n in range(4):
        vector.receive(room.say(2, f"n{n}", f"k{n}"))
    vector.receive(room.delete(5, 2))
    vector.receive(room.join(3))
    vector.receive(room.read(1, 4))
    vector.receive(room.say(1, "I see", "mine"))
    vector.receive(room.say(3, "and?", "k5"))
    vector.receive(room.read(1, 3, back=True))
    return vector


def references() -> Vector:
    vector = Vector("replies, and mentions: counted as unread is; an edit mentions others, a deletion nobody")
    room = vector.world.add_room(1, 2)
    vector.snapshot(room)
    vector.receive(room.say(2, "tea , @ada ?", "k1"))
    vector.receive(room.say(2, "@all cake", "k2", reply=3))
    vector.receive(room.say(2, "and jam", "k3"))
    vector.receive(room.edit(5, "and jam @ada"))
    vector.receive(room.edit(3, "tea ?"))
    vector.receive(room.delete(4, 2))
    vector.lose(room.say(2, "@ada again", "k4"))
    vector.lose(room.edit(6, "@ben again"))
    vector.receive(room.say(2, "@ada @all", "k5"))
    vector.gap(room)
    vector.receive(room.read(1, 5))
    vector.receive(room.read(1, 2, back=True))
    vector.receive(room.edit(3, "tea ? @all"))
    vector.receive(room.edit(6, "@ada again"))
    vector.receive(room.delete(7, 2))
    return vector


def mentions_ahead() -> Vector:
    vector = Vector("a page of the history mentions before the edit that does is told")
    room = vector.world.add_room(1, 2)
    vector.snapshot(room)
    vector.receive(room.say(2, "one", "k1"))
    vector.receive(room.say(2, "@ada two", "k2"))
    late = [room.edit(3, "@ada one"), room.edit(4, "two"), room.edit(3, "one again")]
    vector.history(room, 1, 4)
    for event in late:
        vector.receive(event)
    return vector


def deleted_meanwhile() -> Vector:
    vector = Vector("a message that is replayed as deleted counts until its deletion is told")
    room = vector.world.add_room(1, 2)
    vector.snapshot(room)
    for n in range(3):
        vector.lose(room.say(2, f"n{n}", f"k{n}"))
    vector.lose(room.delete(4, 2))
    vector.lose(room.edit(5, "five"))
    vector.receive(room.say(2, "n3", "k3"))
    vector.gap(room)
    return vector


def changed_meanwhile() -> Vector:
    vector = Vector("a change of the room that is replayed is as the room is now, and so is each of several")
    room = vector.world.add_room(1, 2, 3)
    vector.snapshot(room)
    vector.lose(room.change(2, name="garden"))
    vector.lose(room.give_role(1, "owner", 2))
    vector.lose(room.give_role(1, "moderator", 2))
    vector.lose(room.change(2, topic="roses"))
    vector.lose(room.ban(3, 1))
    vector.receive(room.say(2, "one", "k1"))
    vector.gap(room)
    vector.receive(room.change(2, private=True))
    return vector


def history() -> Vector:
    vector = Vector("a page of the history is ahead of the events")
    room = vector.world.add_room(1, 2)
    room.say(2, "one", "k1")
    room.say(2, "two", "k2")
    vector.snapshot(room)
    late = [room.edit(3, "eins"), room.react(3, 1, "👍", on=True), room.delete(4, 2)]
    vector.history(room, 1, 4)
    for event in late:
        vector.receive(event)
    vector.receive(room.say(2, "three", "k3"))
    vector.history(room, 1, 5)
    return vector


def unknown() -> Vector:
    vector = Vector("an event of a newer server is counted, and not told")
    room = vector.world.add_room(1, 2)
    vector.snapshot(room)
    vector.receive({**room._add("weather", sky="blue"), "forecast": ["rain"]})
    vector.receive({**room.say(2, "one", "k1"), "colour": "green"})
    vector.steps.append({"frame": {"type": "weather", "everywhere": True}})
    return vector


def members() -> Vector:
    vector = Vector("who comes into the lobby is no change of it, and is told beside its log")
    lobby = vector.world.add_room(1, 2)
    vector.snapshot(lobby)
    vector.receive(lobby.say(2, "one", "k1"))
    vector.receive(lobby.come(3))
    vector.receive(lobby.say(2, "two", "k2"))
    vector.steps.append({"frame": {"type": "members", "room": 99, "members": 7}})
    return vector


def at_random(seed: int) -> Vector:
    """Some changes of three rooms on a line that loses, repeats and is cut."""
    vector, rng = Vector(f"changes on a bad line, seed {seed}"), random.Random(seed)
    rooms = [vector.world.add_room(1, 2, 3) for _ in range(3)]
    for room in rooms:
        vector.snapshot(room)
    behind: set[int] = set()
    for n in range(50):
        room = rng.choice(rooms)
        event = change_at_random(room, rng, n)
        if event is None:
            continue
        fate = rng.random()
        if event["type"] == "read":
            if room.id not in behind:
                vector.receive(event)
        elif fate < 0.1:
            vector.lose(event)
            behind.add(room.id)
        elif room.id in behind:
            vector.steps.append({"frame": event})
            vector.gap(room)
            behind.discard(room.id)
            vector.receive(room.read(ME, room.marks[ME]))
        else:
            vector.receive(event)
            if fate > 0.9:
                vector.steps.append({"frame": event})
            elif fate > 0.8:
                first = rng.randint(1, room.seq)
                vector.history(room, first, min(first + 5, room.seq))
    for room in rooms:
        vector.sync(room)
        vector.receive(room.read(ME, room.marks[ME]))
    return vector


def change_at_random(room: ModelRoom, rng: random.Random, n: int) -> Json | None:
    """Change something of a room; what it tells, None where that changed nothing."""
    person, seq = rng.choice((1, 2, 2, 3)), rng.randint(1, room.seq)
    is_text = "kind" not in room.messages[seq]
    match rng.randrange(10):
        case 0 if is_text:
            return room.edit(seq, f"edited {n}{rng.choice(_WHOM)}")
        case 1 if is_text:
            return room.delete(seq, person)
        case 2 | 3 if is_text:
            return room.react(seq, person, rng.choice("👍🎉"), on=rng.random() < 0.7)
        case 4:
            return room.read(ME, seq, back=rng.random() < 0.3)
        case 5:
            return room.change(person, topic=f"topic {n}", archived=rng.random() < 0.3)
        case 6:
            return room.give_role(person, rng.choice(("member", "moderator", "owner")), by=2)
    reply = rng.choice((None, None, seq))
    return room.say(person, f"text {n}{rng.choice(_WHOM)}", f"key-{n}", reply)


_WHOM = ("", "", " @ada", " @ben", " @all")


VECTORS: dict[str, Callable[[], Vector]] = {
    "changes": changes,
    "again": again,
    "gap": gap,
    "restart": restart,
    "too_far": lambda: reset("too_far"),
    "other_history": lambda: reset("other_history"),
    "erased": lambda: reset("erased"),
    "gone": gone,
    "unread": unread,
    "references": references,
    "mentions_ahead": mentions_ahead,
    "deleted_meanwhile": deleted_meanwhile,
    "changed_meanwhile": changed_meanwhile,
    "history": history,
    "unknown": unknown,
    "members": members,
    **{f"random_{seed}": (lambda seed=seed: at_random(seed)) for seed in range(1, 7)},
}


def written(name: str) -> str:
    """Return the text of one vector's file."""
    fields = []
    for field, value in VECTORS[name]().as_json().items():
        text = json.dumps(value, ensure_ascii=False)
        if isinstance(value, list) and value:  # one line for each
            text = "[\n" + ",\n".join(f"  {json.dumps(each, ensure_ascii=False)}" for each in value) + "\n]"
        fields.append(f"{json.dumps(field)}: {text}")
    return "{\n" + ",\n".join(fields) + "\n}\n"


if __name__ == "__main__":
    for name in VECTORS:
        (DIRECTORY / f"{name}.json").write_text(written(name), encoding="utf-8")
