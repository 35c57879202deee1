"""One room as it is now, made of a snapshot and the changes since. Pure: no I/O, no clock."""

from collections.abc import Mapping

from msgspec.structs import asdict, replace

from chat.client.events import (
    Change,
    Changed,
    Deleted,
    Edited,
    Member,
    Reacted,
    RoomTold,
    Said,
    SupportChanged,
)
from chat.client.messages import Messages, changed
from chat.client.unread import MOST_UNREAD, count, count_mentions, counts, mentions
from chat.client.values import Message, Person, RoomInfo, Support


class Room:
    """A room as it is now.

    Attributes:
        info: what is known of it; replaced by each change, never altered.
        messages: those held, by `seq`: what was heard, and what was read of the history.
        is_uncounted: whether `info.unread` and `info.mentions` have to be asked for, because they can't be counted from
            what is held.
        has_spoken: whether a message of one's own has moved the mark. The server notes that a little later.
    """

    def __init__(self, told: RoomTold, me: int, keep: int) -> None:
        self._me = me
        self.messages = Messages(keep)
        self.restart(told)

    def restart(self, told: RoomTold) -> None:
        """Forget what was known: the room is as it is told. Sync."""
        self.info = _info(told)
        self.is_uncounted = False
        self.has_spoken = False
        self._told_pos = told.pos  # its name, topic and the like are as of this change
        self._to_be_deleted: set[int] = (
            set()
        )  # told late, as deleted, and counted until their deletion is told
        self.messages.clear()
        if told.last is not None:
            self.messages.put(told.last)

    def update(self, told: RoomTold) -> None:
        """Take one's settings, and what the room is called, from a room that is told again. Sync.

        What the changes of the room bring stays: they bring it in their order, wherever the snapshot stands.
        """
        self.info = replace(self.info, notify=told.notify, hidden=told.hidden)
        if told.pos >= self._told_pos:
            self._told_pos = told.pos
            self.info = replace(
                self.info,
                name=told.name,
                topic=told.topic,
                private=told.private,
                archived=told.archived,
                role=told.role,
                peer=told.peer,
                support=told.support,
            )

    def meet(self, person: Person) -> None:
        """Take the new profile of somebody, whom the room may be with. Sync."""
        peer = self.info.peer
        if peer is not None and peer.id == person.id and peer.changed <= person.changed:
            fields = {name: getattr(person, name) for name in Person.__struct_fields__}
            self.info = replace(self.info, peer=Person(**fields))

    def apply(self, change: Change) -> bool:
        """Apply the next change of the room. Sync.

        Returns:
            False where it is not the next: changes are missing. One that was applied already is no such gap.
        """
        if change.pos > self.info.pos + 1:
            return False
        if change.pos == self.info.pos + 1:
            self.info = replace(self.info, pos=change.pos, at=change.at)
            match change:
                case Said():
                    self._say(change)
                case Edited() | Deleted() | Reacted():
                    self._change(change)
                case Member():
                    self._move(change)
                case SupportChanged() if change.pos > self._told_pos and self.info.support is not None:
                    support = replace(
                        self.info.support,
                        state=change.state,
                        assignee=change.assignee,
                        waiting_since=change.waiting_since,
                    )
                    self.info = replace(self.info, support=support)
                case Changed() if change.pos > self._told_pos:
                    self.info = replace(
                        self.info,
                        name=change.name,
                        topic=change.topic,
                        private=change.private,
                        archived=change.archived,
                    )
        return True

    def load(self, message: Message) -> None:
        """Hold a message of the history, which may be ahead of the changes. Sync."""
        self.messages.put(message)

    def mark(self, seq: int, unread: int, mentions: int) -> None:
        """One has read up to `seq`; `unread` and `mentions` are what the server counts after it. Sync."""
        own, own_mentions = self._count(seq), self._count_mentions(seq)
        # What is counted here is as of the changes heard; the server's count may be ahead of them.
        self.is_uncounted = False
        self.info = replace(
            self.info,
            read=seq,
            unread=unread if own is None else own,
            mentions=mentions if own_mentions is None else own_mentions,
        )

    def count_members(self, members: int) -> None:
        """So many people are in the room. Sync."""
        self.info = replace(self.info, members=members)

    def _say(self, said: Said) -> None:
        info = self.info
        self.messages.put(said)
        if said.deleted is not None:
            self._to_be_deleted.add(said.seq)
        unread, mentioned, read = info.unread, info.mentions, info.read
        if said.sender.id == self._me:
            unread, mentioned, read = 0, 0, max(read, said.seq)  # one has read what comes before one's own
            self.is_uncounted = False
            self.has_spoken = True
        elif counts(said, self._me, read):
            unread = min(unread + 1, MOST_UNREAD)
            mentioned = min(mentioned + mentions(said, self._me), MOST_UNREAD)
        members = info.members + (said.kind == "join")
        last = Message(**asdict(said))
        support = info.support
        if support is not None and said.pos > self._told_pos:
            support = _waiting(support, said)
        self.info = replace(
            info,
            seq=said.seq,
            unread=unread,
            mentions=mentioned,
            read=read,
            members=members,
            last=last,
            support=support,
        )

    def _change(self, change: Edited | Deleted | Reacted) -> None:
        before = self.messages.get(change.seq)
        self.messages.change(change, self._me)
        if isinstance(change, Deleted):
            self._to_be_deleted.discard(change.seq)
        if change.seq > self.info.read:
            if isinstance(change, Deleted):
                self._uncount(before)
            if not isinstance(change, Reacted):
                self._recount_mentions(change, before)
        last = self.info.last
        if last is not None and last.seq == change.seq and last.pos < change.pos:
            self.info = replace(self.info, last=changed(last, change, self._me))

    def _uncount(self, deleted: Message | None) -> None:
        """One message after the mark is deleted: what is not held may have been one's own, and 100 may be more."""
        if deleted is None or self.info.unread >= MOST_UNREAD:
            own = self._count(self.info.read)
            self.is_uncounted = own is None
            unread = self.info.unread if own is None else own
        else:
            unread = self.info.unread - counts(deleted, self._me, self.info.read)
        self.info = replace(self.info, unread=unread)

    def _recount_mentions(self, change: Edited | Deleted, before: Message | None) -> None:
        """A message after the mark has another text or none: it mentions others now."""
        info, me = self.info, self._me
        mentions_me = isinstance(change, Edited) and mentions(change, me)
        if not info.mentions and not mentions_me:
            return
        if before is not None and before.pos < change.pos and info.mentions < MOST_UNREAD:
            if counts(before, me, info.read):
                mentioned = info.mentions - mentions(before, me) + mentions_me
                self.info = replace(info, mentions=min(max(mentioned, 0), MOST_UNREAD))
        elif (own := self._count_mentions(info.read)) is not None:
            self.info = replace(info, mentions=own)
        else:  # what it mentioned until now is not known
            self.is_uncounted = True

    def _count_mentions(self, read: int) -> int | None:
        return count_mentions(self.messages, self._me, read, self.info.seq)

    def _move(self, member: Member) -> None:
        if member.is_out:
            self.info = replace(self.info, members=max(self.info.members - 1, 0))
        if member.person_id == self._me and member.pos > self._told_pos:
            # Who is out and goes on to hear the room has joined it again.
            self.info = replace(self.info, role="member" if member.is_out else member.role or self.info.role)

    def _count(self, read: int) -> int | None:
        """Count what is unread after `read`; None where not all of it is held."""
        held: Mapping[int, Message] = self.messages
        if self._to_be_deleted:
            held = {
                seq: replace(message, deleted=None) if seq in self._to_be_deleted else message
                for seq, message in held.items()
            }
        return count(held, self._me, read, self.info.seq, self.info.pos)


def _waiting(support: Support, said: Said) -> Support:
    """Return how a conversation stands after a message: its person waits from their first on, until another's."""
    if said.sender.id != support.person.id:
        return replace(support, waiting_since=None)
    return support if support.waiting_since is not None else replace(support, waiting_since=said.at)


def _info(told: RoomTold) -> RoomInfo:
    fields = asdict(told)
    del fields["reset"], fields["after"]
    return RoomInfo(**fields)
