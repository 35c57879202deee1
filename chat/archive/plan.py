"""What an import will do, and what it leaves out: everybody and each room of an archive, and their numbers here.

Everything here is sync, and knows no database.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec import structs

from chat.archive.directory import ArchiveReader, BadArchive
from chat.archive.format import Ban, Change, Follow, Mark, Member, Message, Person, Room
from chat.archive.problems import Problem
from chat.domain.accounts.program_names import BOT_MARK, MARKS, name_of
from chat.domain.entities import LOBBY_ID
from chat.domain.messages.emoji import clean_emoji
from chat.domain.refusals import Refusal
from chat.domain.text.rules import same_name_key

OfRoom = TypeVar("OfRoom", Member, Mark, Ban, Follow)

NO_ROOM = "messages of rooms that the archive does not have"
BOTS = "memberships of bots in rooms that their owners are not in"
NO_PERSON = "messages of people whom the archive does not have"
SUPPORT = "support conversations: only an empty server takes them"
LOBBY = "the lobby: it becomes a room of its own"
CHANGES = "log entries: numbers are new here, so earlier positions end"
ROLES = "roles of people on their server"
REACTIONS = "reactions that are no emoji"
EXPIRED = "messages older than this server keeps (message_days): they are removed soon after"


class RoomPlan:
    """What becomes of a room.

    Args:
        room: as the archive has it.
        key: its key in the source.

    Attributes:
        room_id: its id here.
        is_there: an earlier import opened it: messages are added to it, one after the other.
        last_at: the time of the newest message that is here, in microseconds.
        made_seq: the last seq that is here.
        seqs: the archive's seqs of the messages that were taken, in order: the first one has the seq 1 here.
        older_at: the times of the messages that are here already, by the archive's seqs.
    """

    def __init__(self, room: Room, key: str) -> None:
        self.room = room
        self.key = key
        self.kind = room.kind
        self.room_id = 0
        self.is_there = False
        self.is_opened = False  # by this import, before it was cut off
        self.last_at = -1
        self.newest_at = -1
        self.count = 0
        self.seqs = array("q")
        self.older_at: dict[int, int] = {}
        self.last_id = self.last_pos = self.last_seq = 0
        self.last_sender = self.last_other = 0
        self.writers: set[int] = set()

    def take(self, message: Message) -> bool:
        """Count a message. False: it is here already."""
        if message.at <= self.last_at:
            self.older_at[message.seq] = message.at
            return False
        if self.seqs and message.seq <= self.seqs[-1]:
            raise _inconsistent(f"message {message.seq} of room {message.room} comes after {self.seqs[-1]}")
        self.seqs.append(message.seq)
        self.newest_at = max(self.newest_at, message.at)
        return True

    def seq_here(self, seq: int) -> int | None:
        """Return the seq here of a message of a room that is new; None: it was not taken."""
        place = bisect_left(self.seqs, seq)
        return place + 1 if place < len(self.seqs) and self.seqs[place] == seq else None

    def read_here(self, seq: int) -> int:
        """Return the last seq here that somebody had read who had read up to `seq`."""
        return bisect_right(self.seqs, seq)

    def said(self, seq: int, sender: int) -> None:
        """Note a message that has this seq here, as its room does."""
        if sender != self.last_sender:
            self.last_other, self.last_sender = self.last_seq, sender
        self.last_seq = seq

    def restart(self) -> None:
        """Begin to count again."""
        del self.seqs[:]
        self.older_at.clear()
        self.last_seq = self.last_sender = self.last_other = 0


class Plan:
    """An archive in numbers.

    Attributes:
        is_whole: an empty server takes all of it, and all numbers stay.
        people: those of the archive by their ids; `person_ids` has their ids here.
        rooms: those that are imported, by the archive's ids.
        lost: for each reason, how many things are left out.
        has_reactions: whether any message has one; else the archive knows of none.
        changed: changes that were made of messages that are here already, by their kinds.
        new: messages that are to be written to new rooms, and `added` to rooms that are there.
        files, file_bytes: of these messages; `all_files` also of those that are here already.
    """

    def __init__(self, reader: ArchiveReader, *, is_whole: bool) -> None:
        self.is_whole = is_whole
        self.people: dict[int, Person] = {}
        self.person_ids: dict[int, int] = {}
        self.rooms: dict[int, RoomPlan] = {}
        self.members: dict[int, list[Member]] = {}
        self.marks: dict[int, list[Mark]] = {}
        self.bans: dict[int, list[Ban]] = {}
        self.follows: dict[int, list[Follow]] = {}
        self.has_follows = "follows.jsonl" in reader.head.parts
        self.has_reactions = False
        self.lost: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()
        self.new = self.added = self.known = self.files = self.all_files = self.file_bytes = 0
        self._reader = reader
        self._read()

    @property
    def new_rooms(self) -> int:
        """How many rooms are made."""
        return sum(not room.is_there for room in self.rooms.values())

    def _read(self) -> None:
        for person in self._reader.lines("people.jsonl", Person):
            if self.people.setdefault(person.id, person) is not person or not person.id:
                raise _inconsistent(f"people.jsonl has the id {person.id} twice, or it is 0")
            if not self.is_whole and (person.is_admin or person.is_operator or person.is_moderator):
                self.lost[ROLES] += 1
        self._check_bots()
        for room in self._reader.lines("rooms.jsonl", Room):
            if not self.is_whole and room.kind == "support":
                self.lost[SUPPORT] += 1
                continue
            if not self.is_whole and room.kind == "lobby":
                self.lost[LOBBY] += 1
            if room.id in self.rooms or not room.id:
                raise _inconsistent(f"rooms.jsonl has the id {room.id} twice, or it is 0")
            if self.is_whole and (room.kind == "lobby") != (room.id == LOBBY_ID):
                raise _inconsistent(f"room {room.id} can't be the lobby, which is room {LOBBY_ID}")
            if room.kind == "direct" and len(room.people) != 2:
                raise _inconsistent(f"the direct room {room.id} has not two people")
            if room.kind in ("direct", "support") and not all(each in self.people for each in room.people):
                self.lost["rooms of people whom the archive does not have"] += 1
                continue
            self.rooms[room.id] = RoomPlan(room, room.key or str(room.id))
        self._read_of_rooms("members.jsonl", Member, self.members)
        for room_id, members in self.members.items():
            self.members[room_id] = self._with_owners(members)
        self._read_of_rooms("marks.jsonl", Mark, self.marks)
        self._read_of_rooms("bans.jsonl", Ban, self.bans)
        self._read_of_rooms("follows.jsonl", Follow, self.follows)

    def _check_bots(self) -> None:
        names: set[str] = set()
        for bot in tuple(self.people.values()):
            if bot.scopes is None and bot.owner is None:
                continue
            if bot.scopes is None or not bot.is_visitor or not bot.name.endswith(MARKS):
                raise _inconsistent(f"people.jsonl has a bot {bot.id} that is none")
            account = name_of(bot.name) + BOT_MARK  # earlier archives have bots with the mark of hooks
            self.people[bot.id] = structs.replace(bot, name=account)
            if bot.owner is None:
                continue  # it was removed
            owner, name = self.people.get(bot.owner), same_name_key(account)
            if owner is None or owner.is_visitor:
                raise _inconsistent(f"people.jsonl does not have the owner of the bot {bot.id}")
            if name in names:
                raise _inconsistent(f"people.jsonl has two bots called {name_of(bot.name)!r}")
            names.add(name)

    def _with_owners(self, members: list[Member]) -> list[Member]:
        """Return members of a room without bots whose owners are not in it."""
        inside, kept = {each.person for each in members}, list[Member]()
        for each in members:
            owner = self.people[each.person].owner
            if owner is not None and each.role != "member":
                raise _inconsistent(f"members.jsonl gives the bot {each.person} a role in room {each.room}")
            if owner is None or owner in inside:
                kept.append(each)
            else:
                self.lost[BOTS] += 1
        return kept

    def _read_of_rooms(self, name: str, kind: type[OfRoom], by_room: dict[int, list[OfRoom]]) -> None:
        seen: set[tuple[int, ...]] = set()
        for line in self._reader.lines(name, kind):
            if line.room not in self.rooms or line.person not in self.people:
                continue
            place = (line.room, line.person, line.root if isinstance(line, Follow) else 0)
            if place in seen:
                raise _inconsistent(f"{name} has somebody twice in room {line.room}")
            seen.add(place)
            by_room.setdefault(line.room, []).append(line)

    def count(self, kept_since: int = 0, progress: Callable[[int], object] = lambda _lines: None) -> None:
        """Read the log, and count its messages and files.

        Args:
            kept_since: the time, in microseconds, from which on the server keeps messages.
            progress: called with the number of lines.
        """
        last_id = -1
        for nth, entry in enumerate(self._reader.log(), 1):
            if nth % 10_000 == 0:
                progress(nth)
            if entry.id <= last_id:
                raise _inconsistent(f"the log has the id {entry.id} after {last_id}")
            last_id = entry.id
            plan = self.rooms.get(entry.room)
            if isinstance(entry, Change):
                if plan is not None and not self.is_whole:
                    self.lost[CHANGES] += 1
                continue
            self.has_reactions |= bool(entry.reactions)
            if plan is None:
                self.lost[NO_ROOM] += 1
            elif entry.by not in self.people:
                self.lost[NO_PERSON] += 1
            elif not plan.take(entry):
                self.known += 1
                self.all_files += len(entry.files)
            else:
                plan.count += 1
                plan.writers.add(entry.by)
                if plan.is_there:
                    self.added += 1
                else:
                    self.new += 1
                self.lost[EXPIRED] += entry.at < kept_since
                self.files += len(entry.files)
                self.all_files += len(entry.files)
                self.file_bytes += sum(file.size for file in entry.files)
                self.lost[REACTIONS] += sum(not is_reaction(emoji) for emoji in entry.reactions)
        self.lost += Counter()  # without zeros
        for plan in self.rooms.values():
            plan.restart()

    def mapped(self, people: Iterable[int]) -> list[int]:
        """Return the ids here of people, without those whom the archive does not have. 0 is everybody."""
        return [
            self.person_ids[each] if each else 0 for each in people if not each or each in self.person_ids
        ]


def is_reaction(emoji: str) -> bool:
    """Whether a reaction is an emoji, or the name of one of the server's own."""
    if len(emoji) > 2 and emoji[0] == emoji[-1] == ":":
        return True
    return not isinstance(clean_emoji(emoji), Refusal)


def _inconsistent(text: str) -> BadArchive:
    return BadArchive(text, Problem.INCONSISTENT, error=text)
