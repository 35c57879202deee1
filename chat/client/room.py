"""One room as it is now: a snapshot with the changes since. Pure: no I/O, no clock."""

from collections.abc import Mapping

from msgspec.structs import asdict, replace

from chat.client.events import Change
from chat.client.features import PictureChanged, SlowModeChanged, Trimmed
from chat.client.messages import Messages, changed
from chat.client.unread import MAX_COUNT, count_mentions, count_unread, is_countable, mentions_person
from chat.client.wire import (
    MemberChanged,
    Message,
    MessageDeleted,
    MessageEdited,
    NewMessage,
    Person,
    ReactionChanged,
    RoomChanged,
    RoomInfo,
    RoomSnapshot,
    Support,
    SupportChanged,
)


class Room:
    """A room as it is now.

    Attributes:
        info: name, counts, last message and more; each change replaces it, and never modifies it.
        messages: the messages held, by `seq`: from events and from the history.
        is_uncounted: whether the server has to count `info.unread` and `info.mentions`, because not all messages that
            matter are held.
        has_unconfirmed_mark: whether an own message has moved the read mark, which the server stores a little later.
    """

    def __init__(self, snapshot: RoomSnapshot, person_id: int, max_messages: int) -> None:
        self._person_id = person_id
        self.messages = Messages(max_messages)
        self.restart(snapshot)

    def restart(self, snapshot: RoomSnapshot) -> None:
        """Replace everything by a snapshot. Sync."""
        self.info = _info(snapshot)
        self.is_uncounted = False
        self.has_unconfirmed_mark = False
        self._snapshot_pos = snapshot.pos  # name, topic, role, peer and support are as of this change
        # Messages that came already deleted: they count as unread until their deletion comes.
        self._deletion_follows: set[int] = set()
        self.messages.clear()
        if snapshot.last is not None:
            self.messages.put(snapshot.last)

    def update(self, snapshot: RoomSnapshot) -> None:
        """Take the person's settings from a further snapshot; and name, topic, role, peer and support if newer. Sync.

        Everything else comes from changes only, in their order.
        """
        self.info = replace(
            self.info, notify=snapshot.notify, hidden=snapshot.hidden, starred=snapshot.starred
        )
        self._trim(snapshot.first)
        if snapshot.pos >= self._snapshot_pos:
            self._snapshot_pos = snapshot.pos
            self.info = replace(
                self.info,
                name=snapshot.name,
                topic=snapshot.topic,
                picture=snapshot.picture,
                private=snapshot.private,
                archived=snapshot.archived,
                slow_mode=snapshot.slow_mode,
                role=snapshot.role,
                peer=snapshot.peer,
                others=snapshot.others,
                support=snapshot.support,
            )

    def update_profile(self, person: Person) -> None:
        """Replace the profile of the peer, or of one of the others, if it is this person. Sync."""
        peer, others = self.info.peer, self.info.others
        if others is not None and any(
            each.id == person.id and each.changed <= person.changed for each in others
        ):
            fields = {name: getattr(person, name) for name in Person.__struct_fields__}
            self.info = replace(
                self.info,
                others=tuple(Person(**fields) if each.id == person.id else each for each in others),
            )
        if peer is not None and peer.id == person.id and peer.changed <= person.changed:
            fields = {name: getattr(person, name) for name in Person.__struct_fields__}
            self.info = replace(self.info, peer=Person(**fields))

    def forget_profile_time(self) -> None:
        """Have any profile of the peer or the others replace the one here: the server may have an older one. Sync."""
        if self.info.others is not None:
            others = tuple(replace(each, changed=0) for each in self.info.others)
            self.info = replace(self.info, others=others)
        if self.info.peer is not None:
            self.info = replace(self.info, peer=replace(self.info.peer, changed=0))

    def apply(self, change: Change) -> bool:
        """Apply the next change of the room. Sync.

        Returns:
            False if changes before it are missing. A change that was applied before is ignored.
        """
        if change.pos > self.info.pos + 1:
            return False
        if change.pos == self.info.pos + 1:
            self.info = replace(self.info, pos=change.pos, at=change.at)
            match change:
                case NewMessage():
                    self._add(change)
                case MessageEdited() | MessageDeleted() | ReactionChanged():
                    self._change_message(change)
                case MemberChanged():
                    self._change_member(change)
                case Trimmed():
                    self._trim(change.first)
                case SupportChanged() if change.pos > self._snapshot_pos and self.info.support is not None:
                    support = replace(
                        self.info.support,
                        state=change.state,
                        assignee=change.assignee,
                        waiting_since=change.waiting_since,
                    )
                    self.info = replace(self.info, support=support)
                case SlowModeChanged() if change.pos > self._snapshot_pos:
                    self.info = replace(self.info, slow_mode=change.seconds)
                case PictureChanged() if change.pos > self._snapshot_pos:
                    self.info = replace(self.info, picture=change.picture)
                case RoomChanged() if change.pos > self._snapshot_pos:
                    self.info = replace(
                        self.info,
                        name=change.name,
                        topic=change.topic,
                        private=change.private,
                        archived=change.archived,
                    )
        return True

    def load(self, message: Message) -> None:
        """Hold a message of the history; it may be newer than the last change applied. Sync."""
        self.messages.put(message)

    def set_read_mark(self, seq: int, unread: int, mentions: int) -> None:
        """Move the read mark to `seq`; `unread` and `mentions` are the server's counts after it. Sync."""
        own, own_mentions = self._count_unread(seq), self._count_mentions(seq)
        # Counts of this client are as of the last change applied; those of the server may include later changes.
        self.is_uncounted = False
        self.info = replace(
            self.info,
            read=seq,
            unread=unread if own is None else own,
            mentions=mentions if own_mentions is None else own_mentions,
        )

    def set_member_count(self, members: int) -> None:
        """Set the number of people in the room. Sync."""
        self.info = replace(self.info, members=members)

    def _add(self, message: NewMessage) -> None:
        info = self.info
        self.messages.put(message)
        if message.deleted is not None:
            self._deletion_follows.add(message.seq)
        unread, mentions, read = info.unread, info.mentions, info.read
        if message.sender.id == self._person_id:
            unread, mentions, read = 0, 0, max(read, message.seq)  # who sends has read everything before
            self.is_uncounted = False
            self.has_unconfirmed_mark = True
        elif is_countable(message, self._person_id, read):
            unread = min(unread + 1, MAX_COUNT)
            mentions = min(mentions + mentions_person(message, self._person_id), MAX_COUNT)
        members = info.members + (message.kind == "join")
        last = Message(**asdict(message))
        support = info.support
        if support is not None and message.pos > self._snapshot_pos:
            support = _with_waiting(support, message)
        self.info = replace(
            info,
            seq=message.seq,
            unread=unread,
            mentions=mentions,
            read=read,
            members=members,
            last=last,
            support=support,
        )

    def _change_message(self, change: MessageEdited | MessageDeleted | ReactionChanged) -> None:
        before = self.messages.get(change.seq)
        self.messages.apply(change, self._person_id)
        if isinstance(change, MessageDeleted):
            self._deletion_follows.discard(change.seq)
        if change.seq > self.info.read:
            if isinstance(change, MessageDeleted):
                self._subtract_deleted(before)
            if not isinstance(change, ReactionChanged):
                self._recount_mentions(change, before)
        last = self.info.last
        if last is not None and last.seq == change.seq and last.pos < change.pos:
            self.info = replace(self.info, last=changed(last, change, self._person_id))

    def _trim(self, first: int) -> None:
        """The messages below `first` are removed on the server."""
        if first > self.info.first:
            self.messages.drop_before(first)
            self.info = replace(self.info, first=first)
            self.is_uncounted |= self.info.unread > 0 and self.info.read < first - 1

    def _subtract_deleted(self, deleted: Message | None) -> None:
        """Update `unread` after a deletion. A message that is not held may be an own one, and 100 may mean more."""
        if deleted is None or self.info.unread >= MAX_COUNT:
            own = self._count_unread(self.info.read)
            self.is_uncounted = own is None
            unread = self.info.unread if own is None else own
        else:
            unread = self.info.unread - is_countable(deleted, self._person_id, self.info.read)
        self.info = replace(self.info, unread=unread)

    def _recount_mentions(self, change: MessageEdited | MessageDeleted, before: Message | None) -> None:
        """Update `mentions` after an unread message changed its text or lost it."""
        info, person = self.info, self._person_id
        is_mentioned = isinstance(change, MessageEdited) and mentions_person(change, person)
        if not info.mentions and not is_mentioned:
            return
        if before is not None and before.pos < change.pos and info.mentions < MAX_COUNT:
            if is_countable(before, person, info.read):
                mentions = info.mentions - mentions_person(before, person) + is_mentioned
                self.info = replace(info, mentions=min(max(mentions, 0), MAX_COUNT))
        elif (own := self._count_mentions(info.read)) is not None:
            self.info = replace(info, mentions=own)
        else:  # the old text is unknown, and so whether it mentioned the person
            self.is_uncounted = True

    def _count_mentions(self, read: int) -> int | None:
        return count_mentions(self.messages, self._person_id, read, self.info.seq)

    def _change_member(self, member: MemberChanged) -> None:
        if not member.is_member:
            others = self.info.others
            if others is not None:
                others = tuple(each for each in others if each.id != member.person_id)
            self.info = replace(self.info, members=max(self.info.members - 1, 0), others=others)
        if member.person_id == self._person_id and member.pos > self._snapshot_pos:
            # A removed person who still gets changes of the room has joined it again.
            self.info = replace(self.info, role=member.role if member.role and member.is_member else "member")

    def _count_unread(self, read: int) -> int | None:
        """Count the unread messages after `read`; None if not all are held."""
        held: Mapping[int, Message] = self.messages
        if self._deletion_follows:
            held = {
                seq: replace(message, deleted=None) if seq in self._deletion_follows else message
                for seq, message in held.items()
            }
        return count_unread(held, self._person_id, read, self.info.seq, self.info.pos)


def _with_waiting(support: Support, message: NewMessage) -> Support:
    """Update `waiting_since` after a message: the oldest message of the person since the last answer."""
    if message.sender.id != support.person.id:
        return replace(support, waiting_since=None)
    return support if support.waiting_since is not None else replace(support, waiting_since=message.at)


def _info(snapshot: RoomSnapshot) -> RoomInfo:
    fields = asdict(snapshot)
    del fields["reset"], fields["after"]
    return RoomInfo(**fields)
