"""Writes events as lines, for clients that have the same capabilities. Sync, without a clock."""

from datetime import UTC, datetime
from functools import lru_cache

from chat.domain.entities import Message, MessageKind, Pair
from chat.domain.messages.changes import Deleted, Edited, Removed, RoleChanged, RoomChanged, RoomDeleted
from chat.domain.messages.files import text_of
from chat.domain.messages.sync_types import MessageNow
from chat.domain.rooms.membership import RoomRole
from chat.engine.events import Event, Refused, Said
from chat.protocols.irc.caps import Cap
from chat.protocols.irc.directory import Directory
from chat.protocols.irc.lines import LONGEST_LINE, escaped, one_line, pieces

_LEAST = 64
"""Bytes of text in a line, however long the names in it are."""

_ACTION = "/me "
"""How a text begins that IRC sends as an action."""

PREFIXES = {RoomRole.OWNER: "~", RoomRole.MODERATOR: "@"}
MODES = {RoomRole.OWNER: "q", RoomRole.MODERATOR: "o"}


class IrcEncoder:
    """Encodes for clients with these capabilities (`caps.IN_MESSAGES`). Compared by identity."""

    def __init__(self, caps: Cap, directory: Directory) -> None:
        self._caps = caps
        self._directory = directory
        self.echoes = Cap.ECHO in caps
        self._time = Cap.TIME in caps
        self._tags = Cap.TAGS in caps
        self._account = Cap.ACCOUNT_TAG in caps
        self._multiline = Cap.MULTILINE in caps and Cap.BATCH in caps
        self._last: tuple[object, bytes] = (None, b"")  # encoders of labels ask for the same message again

    def encode(self, event: Event) -> bytes:
        """Return the lines of an event; empty if IRC has none."""
        match event:
            case Said(message):
                if self._last[0] is not message:
                    self._last = message, self.message(message)
                return self._last[1]
            case Edited() as edited:
                return self._edited(edited)
            case Deleted() as deleted:
                return self._deleted(deleted)
            case Removed() as removed:
                return self._removed(removed)
            case RoleChanged() as changed:
                return self._role(changed)
            case RoomChanged() as changed:
                return self._room(changed)
            case RoomDeleted() | Refused():
                return b""
        return b""

    def message(self, message: Message, label: str | None = None) -> bytes:
        """Return the lines of a new message; `label` is that of the client's request."""
        target = self._directory.target_of_message(message)
        nick = self._directory.note_person(message.sender_id, message.sender_name)
        if target is None:
            return b""
        if message.kind is MessageKind.JOIN:
            return self._join(message, nick, target)
        return self.said(
            target,
            message.room_id,
            message.seq,
            message.sender_id,
            nick,
            text_of(message),
            message.created_at,
            reply=message.reply,
            label=label,
        )

    def past(
        self, message: MessageNow, target: str, *, batch: str | None = None, label: str | None = None
    ) -> bytes:
        """Return the lines of a message of the history as it is now; a deleted one, or a join, has none."""
        if message.kind is MessageKind.JOIN or message.deleted_at is not None:
            return b""
        nick = self._directory.note_person(message.sender_id, message.sender_name)
        text = "\n".join(
            [*([message.text] if message.text else []), *(f"{f.name} (file)" for f in message.files)]
        )
        return self.said(
            target,
            message.room_id,
            message.seq,
            message.sender_id,
            nick,
            text,
            message.created_at,
            reply=message.reply,
            label=label,
            batch=batch,
        )

    def said(
        self,
        target: str,
        room_id: int,
        seq: int,
        sender_id: int,
        nick: str,
        text: str,
        at: float,
        *,
        reply: int | None = None,
        label: str | None = None,
        batch: str | None = None,
        verb: str = "PRIVMSG",
    ) -> bytes:
        """Return the lines of a text: one, or with multiline a batch, or a line for each of its lines."""
        source = self._directory.source(sender_id, nick)
        is_action = text.startswith(_ACTION) and "\n" not in text
        shown = text[len(_ACTION) :] if is_action else text
        head = f":{source} {verb} {target} :"
        room = max(_LEAST, LONGEST_LINE - 2 - len(head.encode()) - (9 if is_action else 0))
        lines = [pieces(one_line(line), room) for line in shown.splitlines() or [""]]
        about: list[tuple[str, str]] = []
        if batch is not None:
            about.append(("batch", batch))
        if label is not None:
            about.append(("label", label))
        if self._time:
            about.append(("time", time_of(at)))
        if self._account:
            about.append(("account", nick))
        if self._tags:
            about.append(("msgid", msgid(room_id, seq)))
            if reply is not None:
                about.append(("+draft/reply", msgid(room_id, reply)))
        tags = _written(about)
        if len(lines) == 1 and len(lines[0]) == 1:
            line = f"\x01ACTION {lines[0][0]}\x01" if is_action else lines[0][0]
            return f"{tags}{head}{line}\r\n".encode()
        if self._multiline and not is_action:
            ref = f"m{room_id}-{seq}"
            inner = [f"{tags}:{source} BATCH +{ref} draft/multiline {target}\r\n"]
            for parts in lines:
                for nth, part in enumerate(parts):
                    concat = ";draft/multiline-concat" if nth else ""
                    inner.append(f"@batch={ref}{concat} {head}{part}\r\n")
            inner.append(f":{self._directory.host} BATCH -{ref}\r\n")
            return "".join(inner).encode()
        later = _written([pair for pair in about if pair[0] in ("batch", "time", "account")])
        every = [part for parts in lines for part in parts if part]
        if is_action:
            every = [f"\x01ACTION {part}\x01" for part in every]
        return "".join(f"{later if nth else tags}{head}{line}\r\n" for nth, line in enumerate(every)).encode()

    def _stamp(self, at: float, person_id: int | None = None) -> str:
        about = [("time", time_of(at))] if self._time else []
        nick = self._directory.nick(person_id)
        if self._account and nick is not None:
            about.append(("account", nick))
        return _written(about)

    def _join(self, message: Message, nick: str, target: str) -> bytes:
        source = self._directory.source(message.sender_id, nick)
        more = f" {nick} :{nick}" if Cap.EXTENDED_JOIN in self._caps else ""
        return (
            f"{self._stamp(message.created_at, message.sender_id)}:{source} JOIN {target}{more}\r\n".encode()
        )

    def _edited(self, edited: Edited) -> bytes:
        nick = self._directory.nick(edited.actor_id)
        target = self._directory.target_of(edited.room_id, edited.people, edited.actor_id)
        if nick is None or target is None or not edited.text:
            return b""
        source, text = self._directory.source(edited.actor_id, nick), f"(edited) {edited.text}"
        head = f":{source} PRIVMSG {target} :"
        room = max(_LEAST, LONGEST_LINE - 2 - len(head.encode()))
        about = [("time", time_of(edited.created_at))] if self._time else []
        if self._account:
            about.append(("account", nick))
        if self._tags:
            about.append(("+draft/reply", msgid(edited.room_id, edited.seq)))
        tags = _written(about)
        lines = [part for line in text.splitlines() for part in pieces(one_line(line), room) if part]
        return "".join(f"{tags}{head}{line}\r\n" for line in lines).encode()

    def _deleted(self, deleted: Deleted) -> bytes:
        if Cap.REDACTION not in self._caps or not self._tags:
            return b""
        actor = deleted.actor_id
        if isinstance(deleted.people, Pair) and actor is None:
            return b""  # of which of the two it is told from is not known
        target = self._directory.target_of(deleted.room_id, deleted.people, actor or 0)
        if target is None:
            return b""
        source = self._directory.source_of(actor)
        stamp = self._stamp(deleted.created_at, actor)
        return f"{stamp}:{source} REDACT {target} {msgid(deleted.room_id, deleted.seq)}\r\n".encode()

    def _removed(self, removed: Removed) -> bytes:
        target = self._directory.target_of(removed.room_id, None, 0)
        nick = self._directory.nick(removed.person_id)
        if target is None or nick is None:
            return b""
        self._directory.shown_removals.add((removed.room_id, removed.person_id))
        stamp, source = (
            self._stamp(removed.created_at, removed.actor_id),
            self._directory.source_of(removed.actor_id),
        )
        if removed.actor_id == removed.person_id:
            return f"{stamp}:{source} PART {target}\r\n".encode()
        reason = "banned" if removed.is_ban else self._directory.nick(removed.actor_id) or "removed"
        return f"{stamp}:{source} KICK {target} {nick} :{reason}\r\n".encode()

    def _role(self, changed: RoleChanged) -> bytes:
        target = self._directory.target_of(changed.room_id, None, 0)
        nick = self._directory.nick(changed.person_id)
        if target is None or nick is None:
            return b""
        if changed.role is RoomRole.MEMBER:
            modes, nicks = "-qo", f"{nick} {nick}"
        else:
            modes, nicks = f"+{MODES[changed.role]}", nick
        source = self._directory.source_of(changed.actor_id)
        stamp = self._stamp(changed.created_at, changed.actor_id)
        return f"{stamp}:{source} MODE {target} {modes} {nicks}\r\n".encode()

    def _room(self, changed: RoomChanged) -> bytes:
        place = self._directory.apply(changed)
        if place is None or place.before is None or place.changed_id != changed.id:
            return b""
        source, stamp = (
            self._directory.source_of(changed.actor_id),
            self._stamp(changed.created_at, changed.actor_id),
        )
        lines = []
        if place.topic != place.before.topic:
            lines.append(f"{stamp}:{source} TOPIC {place.target} :{one_line(place.topic)}\r\n")
        if changed.is_private is not place.before.is_private:
            sign = "+" if changed.is_private else "-"
            lines.append(f"{stamp}:{source} MODE {place.target} {sign}i\r\n")
        return "".join(lines).encode()


class LabelEncoder:
    """Encodes for one client that labels its requests: its own messages carry their labels."""

    def __init__(self, encoder: IrcEncoder, labels: dict[int, str]) -> None:
        self.echoes = encoder.echoes
        self._encoder = encoder
        self._labels = labels  # by the id of the message

    def encode(self, event: Event) -> bytes:
        """Return what the other encoder does, and the label."""
        if isinstance(event, Said) and self._labels:
            label = self._labels.pop(event.message.id, None)
            if label is not None:
                return self._encoder.message(event.message, label)
        return self._encoder.encode(event)


def msgid(room_id: int, seq: int) -> str:
    """Return the id of a message, which no other has."""
    return f"{room_id}-{seq}"


def seq_of(written: str, room_id: int) -> int | None:
    """Return the seq that the id of a message of this room has; None: it is no such id."""
    room, _, seq = written.partition("-")
    is_id = seq.isascii() and seq.isdigit() and len(seq) <= 18
    return int(seq) if is_id and room == str(room_id) else None


@lru_cache(1024)  # a message's time is written for each set of capabilities
def time_of(at: float) -> str:
    """Return Unix seconds as `time` has them, to the millisecond and rounded down."""
    moment = datetime.fromtimestamp(round(at * 1_000_000) // 1000 / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _written(about: list[tuple[str, str]]) -> str:
    return f"@{';'.join(f'{key}={escaped(value)}' for key, value in about)} " if about else ""
