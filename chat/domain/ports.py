"""What the rules ask of a storage, whichever it is. Both implementations pass one contract suite.

Cancelling, for every method here: a read can be cancelled and leaves nothing behind; a write
that has begun is finished or fails before the cancellation is felt (it is shielded, with a deadline), so a
cancelled write was either not begun or is complete.

Any method may raise `StorageDown`; a write may also raise `OutcomeUnknown`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from chat.domain.account_changes import AccountChange
from chat.domain.audit import AuditEntry, Named
from chat.domain.changes import Change, Write
from chat.domain.contacts import Contacts
from chat.domain.entities import (
    Conversation,
    Credentials,
    LoginSession,
    Message,
    Person,
    Room,
    RoomSummary,
)
from chat.domain.membership import Member, PublicRoom, RoomAccess
from chat.domain.nodes import Node
from chat.domain.outcomes import Saved
from chat.domain.refusals import Refusal
from chat.domain.search import SearchIndex
from chat.domain.timelines import Timelines


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person to be added; names and addresses are clean already (`domain/rules.py`)."""

    name: str
    password_hash: bytes
    email: str | None = None
    display_name: str | None = None
    is_operator: bool = False
    is_moderator: bool = False
    is_admin: bool = False
    invite: bytes | None = None
    """The digest of the invite that is used up with it, if it takes one."""
    by_command: bool = False
    """Whether whoever runs the server adds them: then it goes into the audit."""


class NewInvite(msgspec.Struct, frozen=True, kw_only=True):
    """An invite to be made, known by its code's digest, for so many uses until `expires_at` (Unix seconds).

    With `room_id` it is to that room. `registers`: somebody can register with it where that takes an invite. Where
    nobody is its `maker_id`, whoever runs the server has made it with a command.
    """

    digest: bytes
    uses: int
    expires_at: float
    room_id: int | None = None
    maker_id: int | None = None
    registers: bool = True


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """An invite as it is now, for what NewInvite says. `is_over`: nobody can use it any more, or its room is gone."""

    uses_left: int
    expires_at: float
    room_id: int | None
    room_name: str | None
    maker_id: int | None
    registers: bool
    is_over: bool


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change of a person; what is UNSET stays. All of it is clean already (`domain/rules.py`)."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    display_name: str | msgspec.UnsetType | None = msgspec.UNSET
    email: str | msgspec.UnsetType | None = msgspec.UNSET
    share_reads: bool | msgspec.UnsetType = msgspec.UNSET


class Refreshing(msgspec.Struct, frozen=True):
    """What a refresh token is recognised by: digests of its family, of itself and of its successor."""

    family: bytes
    own: bytes
    successor: bytes


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session to begin, of a person at this generation; `lasts` is in seconds, from now or from each refresh.

    `refreshing` is of its first refresh token; a token for a program has none.
    """

    person_id: int
    generation: int
    lasts: float
    name: str = ""
    address: str = ""
    agent: str = ""
    refreshing: Refreshing | None = None


class Replayed(msgspec.Struct, frozen=True):
    """A refresh token was used too late after its successor was made: its session is ended."""

    session: LoginSession


OVERLAP = 30.0
"""Seconds for which the refresh token before the newest gives the same successor once more."""

MOST_SESSIONS = 100
"""Logins of one person, and tokens for programs: the one that was used longest ago ends for one more."""


class Taken(msgspec.Struct, frozen=True):
    """Somebody else has this already: `what` is "name" or "email", or "look" where the names only look the same."""

    what: str


class LookAlike(msgspec.Struct, frozen=True):
    """A person whose name looks like that of an older account."""

    person: Person
    older_id: int
    older_name: str
    older_is_deleted: bool


KEPT = 3600.0
"""Seconds for which the log tells that a room was deleted: a server further behind looks at its rooms anyway."""

INVITE_KEPT = 2_592_000.0
"""Seconds for which it is known of an invite that it is over, after its last day."""


class Setting(msgspec.Struct, frozen=True):
    """What an admin has set a setting to, when (Unix seconds) and who that was; None: by a command."""

    value: str | float
    at: float
    by: Named | None


Changed = Callable[[int | None], object]
"""Told the id of a person or room that was changed or deleted, or None if there may be some of which nobody was told.
Settings have no ids. Sync."""


class Users(Protocol):
    """People and how they prove who they are. A deleted person is none, but nobody else can have their name.

    Nor a name that looks like it (`domain/skeletons.py`); who had such a name before that was asked keeps it.
    """

    async def add(self, new: NewPerson) -> Person | Taken | None:
        """Add a person, unless the name or the e-mail address is taken in any case, or the name looks like another.

        None: the invite is not good. Who is not added uses nothing up of one.
        """
        ...

    async def invite(self, new: NewInvite) -> None:
        """Make an invite. One to a room that is gone is not made; those over for INVITE_KEPT are forgotten."""
        ...

    async def is_invite(self, digest: bytes) -> bool:
        """Whether there is such an invite that somebody can register with now."""
        ...

    async def find_invite(self, digest: bytes) -> Invite | None:
        """Return the invite with this digest, good or over."""
        ...

    async def withdraw_invite(self, digest: bytes) -> bool:
        """Let nobody use an invite any more; False: nobody could."""
        ...

    async def by_id(self, person_id: int) -> Person | None:
        """Return the person with this id."""
        ...

    async def by_ids(self, person_ids: Sequence[int]) -> dict[int, Person]:
        """Return the people with these ids, as many as there are."""
        ...

    async def by_name(self, name: str) -> Credentials | None:
        """Return who has this name, in any case."""
        ...

    async def by_email(self, email: str) -> Credentials | None:
        """Return who has this e-mail address, in any case."""
        ...

    async def everyone(self) -> list[Person]:
        """Return all people, oldest first."""
        ...

    async def page(self, part: str, after_id: int, limit: int) -> list[Person]:
        """Return the people with `part` in their names or e-mail addresses, in any case, by id from behind this one."""
        ...

    async def look_alikes(self) -> list[LookAlike]:
        """Return the people whose names look like that of an older account, oldest first, each with the oldest."""
        ...

    async def rename(self, person_id: int, name: str) -> Person | Taken | None:
        """Give a person another (clean) name; None if there is no such person."""
        ...

    async def change_profile(self, person_id: int, change: ProfileChange) -> Person | Taken | None:
        """Change all of it or nothing; None if there is no such person."""
        ...

    async def administer(
        self, person_id: int, change: AccountChange, by_id: int | None
    ) -> Person | Taken | Refusal | None:
        """Change an account, all of it or nothing, with the acts of that in the audit; None: there is no such person.

        LAST_ADMIN where after an act of a person (`by_id` is not None) no admin could come in.
        """
        ...

    async def set_password(
        self, person_id: int, password_hash: bytes, *, instead_of: bytes | None = None
    ) -> Person | None:
        """Give a person another password, and make every token issued so far invalid.

        None if there is no such person, or if their hash is no longer `instead_of`, where that is given.
        """
        ...

    async def delete(self, person_id: int, by_id: int | None = None) -> bool | Refusal:
        """Delete a person; what they said stays, and so does their name with it. False: no such person.

        It goes into the audit. LAST_ADMIN as in `administer`.
        """
        ...


class Rooms(Protocol):
    """Rooms and who is in them."""

    async def by_id(self, room_id: int) -> Room | None:
        """Return the room with this id."""
        ...

    async def access(self, room_id: int, person_id: int) -> RoomAccess | None:
        """Return the room and what the person is in it, whether or not they may see it."""
        ...

    async def members(self, room_id: int, after_id: int, limit: int) -> list[Member]:
        """Return who is in the room, by their ids, from behind this one; deleted people are not.

        All are in the lobby, and all operators in every open support conversation.
        """
        ...

    async def banned(self, room_id: int, after_id: int, limit: int) -> list[Member]:
        """Return who is banned from the room, by their ids, from behind this one; deleted people are not."""
        ...

    async def joinable(self, person_id: int, part: str, after: str, limit: int) -> list[PublicRoom]:
        """Return the public rooms that the person is not in, with `part` in their names, from behind the name `after`.

        In the order of their names, as far as case does not count.
        """
        ...

    async def create(self, name: str, creator_id: int, *, is_private: bool, topic: str = "") -> Room | Taken:
        """Make a room, with its creator as the first member, unless the name is taken in any case."""
        ...

    async def made_by_people(self) -> list[RoomSummary]:
        """Return all rooms that people made, the oldest first."""
        ...

    async def remove_deleted(self, limit: int) -> bool:
        """Remove at most `limit` messages, changes or memberships of a deleted room, and at last the room itself.

        That it was deleted stays in the log for KEPT seconds. Returns whether there may be more to remove now.
        """
        ...

    async def is_member(self, room_id: int, person_id: int) -> bool:
        """Whether the person was made a member of the room. The lobby has everybody, and no memberships."""
        ...

    async def members_among(self, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
        """Return those (room id, person id) of these who were made members, of rooms that are there."""
        ...

    async def of_member(self, person_id: int) -> list[int]:
        """Return the ids of the rooms (of the kind that people make) the person is a member of, ascending."""
        ...

    async def support_room(self, person_id: int) -> Room | None:
        """Return the person's support conversation; it is made at the first call. None: no such person."""
        ...

    async def direct_room(self, one_id: int, other_id: int) -> Room | None:
        """Return the room of these two; it is made at the first call. None: one of them does not exist any more."""
        ...

    async def mark_delivered(self, positions: Mapping[tuple[int, int], int]) -> None:
        """Note how far members were told: (room id, person id) to `seq`. A position never goes back."""
        ...


class Messages(Protocol):
    """The messages of all rooms. Only the journal saves, one call at a time. What is deleted is told to nobody.

    `most_bytes` bounds what one answer holds: as many messages from the front as have together at most so many
    bytes of text as JSON (a string in UTF-8, quotes and escapes included), and at least one where there is any.
    A message beyond that never leaves the database. An answer may so be shorter than what was asked for; the
    next is asked for from its last message on.
    """

    async def save(self, writes: Sequence[Write]) -> list[Saved]:
        """Commit all writes in one transaction and return what they became, in the same order.

        Behind those come the changes that followed from them, last in the log: who speaks in a closed support
        conversation opens it, and an operator who answers in one that no operator has, has it from then on
        (`domain/support_state.py`). Such a conversation is known by the people of its drafts.
        The ids of new messages and changes go on from the end of the log without a gap, in the order of `writes`, and
        so does `pos` in each room, and `seq` of its messages; several servers may save at once. A draft of the kind
        JOIN makes its sender a member of the room; of whoever is one already it takes no number and becomes ALREADY_IN,
        whatever its key; of whoever is banned it becomes BANNED. A draft for a room that is gone becomes None, and for
        one that is archived ARCHIVED. One whose key its sender used before takes no number: it is Repeated, or KeyUsed
        where room or text are others. An acceptance is such a joining, and uses one of its invite's uses if it is made;
        where none is left it is INVITE_OVER.
        An edit, deletion or reaction of a text that is not there becomes None; a text said earlier in `writes` is. One
        that changes nothing takes no number: it is Unchanged. A deleted text is gone for good, with all reactions to
        it; its place stays, so `seq` has no gap.
        A change of what is no support conversation becomes None; where it is not whose it must be, it is Held.
        A removal of nobody's membership of a room that people made becomes None, and so does a deletion of what is no
        such room. A deleted room's name is free at once; what was in it is removed by `remove_deleted`. A ban of
        somebody who is no member is Unchanged, and keeps them out.
        A room or a role is changed as `room_state.py` has it; a name that another room has is ROOM_TAKEN.
        Raises `WriteRejected` when a write can't be stored: then none of them was.
        """
        ...

    async def read_log(self, after_id: int, limit: int, most_bytes: int) -> list[Change]:
        """Return what was committed behind `after_id` in all rooms, with their people.

        The first `limit` by id, within `most_bytes`, each with its own `pos` and otherwise as it is now: a message that
        was edited since has its new text. None are left out but those that nobody is told any more: of a deleted
        message or room, all but the deletion.
        """
        ...

    async def by_id(self, message_id: int) -> Message | None:
        """Return the message with this id."""
        ...

    async def timeline(
        self,
        room_id: int,
        limit: int,
        most_bytes: int,
        *,
        after: int | None = None,
        before: int | None = None,
        up_to_id: int | None = None,
    ) -> list[Message]:
        """Return a stretch of a room, oldest first: `limit` messages at most, within `most_bytes`.

        With `after` it begins behind that `seq`, and what is too much is left out at its end. Else it ends before the
        `seq` `before`, or with the room, and what is too much is left out at its beginning. None has a higher id than
        `up_to_id`.
        """
        ...

    async def undelivered(
        self, person_id: int, after_id: int, up_to_id: int, limit: int, most_bytes: int
    ) -> list[Message]:
        """Return what the others in the person's direct rooms sent and the person was not told yet, by id.

        Each with the person as its peer; the first `limit` with `after_id` < id <= `up_to_id`, within `most_bytes`.
        """
        ...

    async def newest_id(self) -> int:
        """Return the highest id in the log, 0 where nothing was ever said."""
        ...

    async def settled_id(self) -> int:
        """Return the highest id in the log, once no earlier `save` of this server can still land."""
        ...

    async def conversations(self, limit: int, most_bytes: int) -> list[Conversation]:
        """Return the `limit` support conversations with the newest messages, the newest first, within `most_bytes`.

        It is their last messages that are counted. Those of deleted people are left out.
        """
        ...


class Nodes(Protocol):
    """The servers that share the storage, each with a lease (`domain/nodes.py`), by the storage's own clock.

    All of it may be lost when the database crashes, but for which numbers were given.
    """

    async def register(
        self, *, address: str, version: str, bus: str, secret_digest: str, number: int | None = None
    ) -> int:
        """Begin a lease and return the server's number, which no other server ever has.

        `number` is the server's own, where it had a lease before that has lapsed or was lost. Raises OtherBus or
        OtherSecret where a server with a lease uses another bus or has another secret, by its digest.
        """
        ...

    async def renew(self, number: int, position: int, clients: int) -> int | None:
        """Renew a lease and return the end of the log (its highest id); None: it has lapsed, register again.

        `position` is the highest id that the server has told, `clients` how many are connected to it.
        """
        ...

    async def live(self) -> list[Node]:
        """Return the servers whose lease has not lapsed, by number."""
        ...

    async def leave(self, number: int) -> None:
        """End a lease now, if there is one."""
        ...


class Sessions(Protocol):
    """Logins that can be listed and ended one by one, by the storage's own clock.

    All of a person's end when their token generation is raised or they are deleted. Whoever watches people is told of
    everybody of whom a session ended, but for those whose time is over.
    """

    async def begin(self, new: NewSession) -> LoginSession | None:
        """Begin a session; None if its person is gone or disabled, or is of another generation by now."""
        ...

    async def refresh(
        self, used: Refreshing, *, lasts: float, address: str, agent: str
    ) -> LoginSession | Replayed | None:
        """Put the successor in the place of the newest refresh token, so that the session lasts so many seconds more.

        The one before the newest changes nothing, for OVERLAP seconds: it has the same successor. After that, and with
        any other of that family, the session ends. None: there is no such session.
        """
        ...

    async def end(self, person_id: int, session_id: int) -> bool:
        """End a person's session; False: they have no such session."""
        ...

    async def end_others(self, person_id: int, session_id: int | None) -> None:
        """End all sessions of a person but this one."""
        ...

    async def end_family(self, family: bytes) -> None:
        """End the session with this family of refresh tokens, by its digest, if there is one."""
        ...

    async def of_person(self, person_id: int) -> list[LoginSession]:
        """Return a person's sessions, the last begun first."""
        ...

    async def counts(self, person_ids: Sequence[int]) -> dict[int, int]:
        """Return how many sessions these people have; who has none is left out."""
        ...

    async def living(self, session_ids: Sequence[int]) -> dict[int, int]:
        """Return whose sessions these are, by their ids: those that have not ended."""
        ...


class SetUp(Protocol):
    """How the first admin is made: while there is none, a code is good for so many tries."""

    async def is_needed(self) -> bool:
        """Whether nobody is an admin."""
        ...

    async def prepare(self, nonce: bytes, tries: int) -> bytes | None:
        """Return what the code is made of, or None where somebody is an admin.

        That is `nonce`, if there is no code yet or none of its tries is left; else it is what it was.
        """
        ...

    async def take_try(self) -> bytes | None:
        """Use one try, and return what the code is made of; None: there is no code, or no try left."""
        ...

    async def make_admin(self, new: NewPerson) -> Person | Taken | None:
        """Add the first admin, and use the code up; None: somebody is an admin already, or no code is good."""
        ...


class Settings(Protocol):
    """What admins have changed of the settings; whoever watches settings is told of each change."""

    async def changed_settings(self) -> dict[str, Setting]:
        """Return those that are changed, by their names."""
        ...

    async def change_settings(
        self, changes: Mapping[str, str | float | None], by_id: int | None
    ) -> dict[str, Setting]:
        """Set these, all of them or none, with the acts of that in the audit; None takes one back.

        Returns what is changed then.
        """
        ...


class Audit(Protocol):
    """What administrators did. Acts are written by what does them, in other tables' calls."""

    async def acts(self, before_id: int | None, limit: int) -> list[AuditEntry]:
        """Return acts, the newest first, from behind this one on."""
        ...

    async def forget_acts(self, limit: int) -> bool:
        """Remove at most `limit` acts that are older than ACTS_KEPT. Returns whether there may be more of them."""
        ...


class Storage(Protocol):
    """Everything that is kept."""

    @property
    def users(self) -> Users: ...

    @property
    def rooms(self) -> Rooms: ...

    @property
    def messages(self) -> Messages: ...

    @property
    def timelines(self) -> Timelines: ...

    @property
    def search(self) -> SearchIndex: ...
    @property
    def contacts(self) -> Contacts: ...

    @property
    def nodes(self) -> Nodes: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def set_up(self) -> SetUp: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def audit(self) -> Audit: ...

    async def ping(self) -> None:
        """Return if the storage answers; raise `StorageDown` if not."""
        ...

    async def watch(self, people: Changed, rooms: Changed, settings: Changed) -> None:
        """Tell of changed or deleted people, of deleted rooms and of changed settings, right after the commit.

        A person of whom a session ended, or who blocks another or no longer does, counts as changed.

        Whichever process did it. All begin with None, for what happened before, and are told None again after each
        outage. Runs until cancelled, and raises nothing else: it waits for a database that does not answer.
        Cancelling: nobody is told any more.
        """
        ...
