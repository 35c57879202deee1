"""A model of rooms by the native protocol: logs in memory, and the events for each person.

It is the protocol's page in few lines, in plain dicts as they are on the wire, and shares nothing with the
client: what the client makes of its frames is compared with what stands here.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Json = dict[str, Any]

MOST_REPLAYED = 1000

_ABOUT = ("name", "topic", "private", "archived")


class ModelRoom:
    """One room: the current state of its messages, and the log of its changes as events."""

    def __init__(self, world: "ModelWorld", number: int) -> None:
        self.id = number
        self.members: dict[int, str] = {}
        self.marks: dict[int, int] = {}
        self.messages: dict[int, Json] = {}
        self.log: list[Json] = []
        self.floor = 0  # changes up to this one are erased
        self.marked_at: dict[int, int] = {}  # by person
        self._noted: dict[
            int, tuple[int, int]
        ] = {}  # mark and time of those who have spoken since theirs were noted
        self.about: Json = {"name": f"room {number}"}
        self._world = world

    @property
    def pos(self) -> int:
        return len(self.log)

    @property
    def seq(self) -> int:
        return len(self.messages)

    def at(self, pos: int) -> int:
        return int(self.log[pos - 1]["at"]) if pos else 0

    def join(self, person: int) -> Json:
        """Somebody becomes a member, and has read what was said before."""
        self.members[person] = "member"
        event = self._say(person, kind="join")
        self._mark(person, self.seq)
        return event

    def say(self, person: int, text: str, key: str, reply: int | None = None) -> Json:
        got = {} if reply is None else {"reply": reply}
        event = self._say(person, text=text, **got, **self._mentions(text), key=key)
        self._noted.setdefault(person, (self.marks[person], self.marked_at[person]))
        self._mark(person, self.seq)
        return event

    def crash(self) -> None:
        """The server ends before it has noted what people have read by what they said."""
        for person, (seq, at) in self._noted.items():
            self.marks[person], self.marked_at[person] = seq, at
        self._noted.clear()

    def edit(self, seq: int, text: str) -> Json | None:
        message = self.messages[seq]
        if "deleted" in message or message.get("text") == text:
            return None
        whom = self._mentions(text)
        event = self._add("edited", seq=seq, text=text, **whom)
        for field in ("mentions", "all"):
            message.pop(field, None)
        message.update(text=text, edited=event["at"], pos=event["pos"], **whom)
        return event

    def delete(self, seq: int, person: int) -> Json | None:
        message = self.messages[seq]
        if "deleted" in message:
            return None
        event = self._add("deleted", seq=seq, by=person)
        message.update(deleted={"at": event["at"], "by": person}, pos=event["pos"], reactions=[])
        for field in ("text", "mentions", "all"):
            message.pop(field, None)
        return event

    def react(self, seq: int, person: int, emoji: str, *, on: bool) -> Json | None:
        message = self.messages[seq]
        people: list[int] = next((r["people"] for r in message["reactions"] if r["emoji"] == emoji), [])
        if "deleted" in message or (person in people) == on:
            return None
        people = [*people, person] if on else [each for each in people if each != person]
        got = {"on": False} if not on else {}
        event = self._add("reacted", seq=seq, person=person, emoji=emoji, count=len(people), **got)
        others = [each for each in message["reactions"] if each["emoji"] != emoji]
        now = [{"emoji": emoji, "count": len(people), "people": people}] if people else []
        message.update(reactions=[*others, *now], pos=event["pos"])
        return event

    def remove(self, person: int, by: int) -> Json:
        del self.members[person]
        return self._add("member", person=person, by=by)

    def ban(self, person: int, by: int) -> Json:
        del self.members[person]
        return self._add("member", person=person, role="banned", by=by)

    def give_role(self, person: int, role: str, by: int) -> Json | None:
        if self.members.get(person) in (None, role):
            return None
        self.members[person] = role
        return self._add("member", person=person, role=role, by=by)

    def come(self, person: int) -> Json:
        """Somebody is in it who has just registered, as in the lobby: no change of its log; return what is told."""
        self.members[person] = "member"
        return {"type": "members", "room": self.id, "members": len(self.members)}

    def change(self, by: int, **about: Any) -> Json | None:
        """The room has another name, topic or kind of access."""
        wanted = {name: value for name, value in (self.about | about).items() if value}
        if wanted == self.about:
            return None
        self.about = wanted
        return self._add("changed", **wanted, by=by)

    def read(self, person: int, seq: int, *, back: bool = False) -> Json:
        """Note how far somebody has read; return the event for that person."""
        seq = min(seq, self.seq)
        self._noted.pop(person, None)
        self._mark(person, seq if back else max(seq, self.marks[person]))
        return {
            "type": "read",
            "room": self.id,
            "person": person,
            "seq": self.marks[person],
            "unread": self.unread(person),
            "mentions": self.mentions(person),
        }

    def _mark(self, person: int, seq: int) -> None:
        self.marks[person], self.marked_at[person] = seq, self._world.now

    def restore(self, pos: int) -> None:
        """A backup is restored: what came after `pos` never was, and goes another way."""
        log = self.log[:pos]
        self.log, self.messages, self.members = [], {}, {}
        self.about = {"name": f"room {self.id}"}
        self.floor = min(self.floor, pos)
        for event in log:
            match event["type"]:
                case "message":
                    self.messages[event["seq"]] = {**_message(event), "reactions": []}
                    self.log.append(event)
                    if event.get("kind") == "join":
                        self.members[event["sender"]["id"]] = "member"
                case "member":
                    self.log.append(event)
                    if event.get("role") in (None, "banned"):
                        del self.members[event["person"]]
                    else:
                        self.members[event["person"]] = event["role"]
                case "changed":
                    self.log.append(event)
                    self.about = {name: event[name] for name in _ABOUT if name in event}
                case kind:
                    self._redo(kind, event)
        self.marks = {person: min(seq, self.seq) for person, seq in self.marks.items()}
        self._noted.clear()
        self._world.forget_keys(self.id, self.seq)

    def _redo(self, kind: str, event: Json) -> None:
        seq = event["seq"]
        if kind == "edited":
            assert self.edit(seq, event["text"]) is not None
        elif kind == "deleted":
            assert self.delete(seq, event["by"]) is not None
        else:
            on = event.get("on", True)
            assert self.react(seq, event["person"], event["emoji"], on=on) is not None
        self.log[-1]["at"] = event["at"]
        message = self.messages[seq]
        if kind == "edited":
            message["edited"] = event["at"]
        elif kind == "deleted":
            message["deleted"]["at"] = event["at"]

    def unread(self, person: int) -> int:
        return min(len(self._unread(person)), 100)

    def mentions(self, person: int) -> int:
        unread = self._unread(person)
        return min(sum("all" in each or person in each.get("mentions", ()) for each in unread), 100)

    def _unread(self, person: int) -> list[Json]:
        return [
            message
            for message in list(self.messages.values())[self.marks.get(person, 0) :]
            if "kind" not in message and message["sender"]["id"] != person and "deleted" not in message
        ]

    def _mentions(self, text: str) -> Json:
        """Whom a text mentions: names are one word here, and a room has no more than 20 members."""
        words = text.split()
        whom = [
            person
            for person, name in self._world.people.items()
            if person in self.members and f"@{name}" in words
        ]
        return ({"mentions": whom} if whom else {}) | ({"all": True} if "@all" in words else {})

    def message_for(self, person: int, seq: int) -> Json:
        """A message as it is now, made for one reader."""
        message = deepcopy(self.messages[seq])
        if message["sender"]["id"] != person:
            message.pop("key", None)
        for reaction in message["reactions"]:
            if person in reaction["people"]:
                reaction["mine"] = True
        if not message["reactions"]:
            del message["reactions"]
        return message

    def snapshot(self, person: int) -> Json:
        """The room as a person sees it, from which their position is recorded."""
        self._noted.pop(person, None)
        role = self.members.get(person, "member")
        return {
            "id": self.id,
            "kind": "room",
            **self.about,
            **({"role": role} if role != "member" else {}),
            "members": len(self.members),
            "pos": self.pos,
            "at": self.at(self.pos),
            "seq": self.seq,
            "read": self.marks.get(person, 0),
            **({"unread": unread} if (unread := self.unread(person)) else {}),
            **({"mentions": mentions} if (mentions := self.mentions(person)) else {}),
            **({"last": self.message_for(person, self.seq)} if self.seq else {}),
        }

    def sync(self, person: int, pos: int, at: int, limit: int | None = None) -> Iterator[Json]:
        """The events for a client at this position; at most `limit` changes if it requests pages."""
        reset = None
        if pos > self.pos or (pos and self.at(pos) != at):
            reset = "other_history"
        elif pos < self.floor:
            reset = "erased"
        elif limit is None and self.pos - pos > MOST_REPLAYED:
            reset = "too_far"
        if reset is not None:
            yield {"type": "room", **self.snapshot(person), "reset": reset, "after": self._seq_at(pos, at)}
            return
        end = self.pos if limit is None else min(self.pos, pos + min(limit, MOST_REPLAYED))
        for event in self.log[pos:end]:
            if event["type"] == "message":  # as it is now, told at its own place
                now = self.message_for(person, event["seq"])
                yield {"type": "message", **now, "pos": event["pos"]}
            elif event["type"] == "changed":  # as the room is now
                kept = {name: value for name, value in event.items() if name not in _ABOUT}
                yield deepcopy(kept | self.about)
            else:
                yield deepcopy(event)
        if end < self.pos:
            yield {"type": "more", "room": self.id, "pos": end, "at": self.at(end)}

    def _seq_at(self, pos: int, at: int) -> int:
        """The last message that somebody has whose position this is."""
        got = (event for event in self.log[:pos] if event["type"] == "message" and event["at"] <= at)
        return max((int(event["seq"]) for event in got), default=0)

    def _say(self, person: int, **fields: Any) -> Json:
        event = self._add("message", seq=self.seq + 1, sender=self._world.sender(person), **fields)
        self.messages[event["seq"]] = {**deepcopy(_message(event)), "reactions": []}
        live = dict(event)
        live.pop("key", None)
        return live

    def _add(self, type_: str, /, **fields: Any) -> Json:
        event = {"type": type_, "room": self.id, "pos": self.pos + 1, "at": self._world.tick(), **fields}
        self.log.append(event)
        return dict(event)


class ModelWorld:
    """Rooms, and the keys of messages that were sent."""

    def __init__(self, people: dict[int, str]) -> None:
        self.people = people
        self.now = 1_699_999_999_999
        self.rooms: dict[int, ModelRoom] = {}
        self.keys: dict[tuple[int, str], tuple[Json, Json]] = {}

    def tick(self) -> int:
        """Return the time of what happens now, later than all before."""
        self.now += 1
        return self.now

    def sender(self, person: int) -> Json:
        return {"id": person, "name": self.people[person]}

    def forget_keys(self, room: int, after: int) -> None:
        """The messages of a room after this one never were."""
        self.keys = {
            key: (said, sent)
            for key, (said, sent) in self.keys.items()
            if said["room"] != room or sent["seq"] <= after
        }

    def add_room(self, *members: int) -> ModelRoom:
        room = self.rooms[len(self.rooms) + 1] = ModelRoom(self, len(self.rooms) + 1)
        for person in members:
            room.join(person)
        return room


def _message(event: Json) -> Json:
    return {name: value for name, value in event.items() if name != "type"}
