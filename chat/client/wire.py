"""The types of the protocol, as a client decodes them: values, requests, replies and events.

Made from the server's types by `make protocol-types`; a test compares. Times are Unix milliseconds. Programs take these
names from `chat.client`.
"""

from chat.client.structs import Limits, MemberProperties, Request, Value


class Sender(Value, kw_only=True, frozen=True):
    """A person by their current name."""

    id: int
    name: str


class PersonStatus(Value, kw_only=True, frozen=True):
    """What a person says of themselves: an emoji, a text of at most 100 characters, or both, and when it ends."""

    emoji: str | None = None
    text: str = ""
    until: int | None = None


class Person(Value, kw_only=True, frozen=True):
    """A person. `changed` is when name, display name, picture, status or roles last changed."""

    id: int
    name: str
    display: str | None = None
    picture: str | None = None
    status: PersonStatus | None = None
    roles: tuple[str, ...] = ()
    changed: int = 0


class Presence(Value, kw_only=True, frozen=True):
    """The presence of a person.

    Attributes:
        state: `online`, `away` or `offline`.
    """

    id: int
    state: str


class Reaction(Value, kw_only=True, frozen=True):
    """An emoji under a message, and the first people who reacted with it. `mine`: the reader is one of them."""

    emoji: str
    count: int
    people: tuple[int, ...] = ()
    mine: bool = False


class Deletion(Value, kw_only=True, frozen=True):
    """When a message was deleted, and by whom; without `by` it was a command on the server."""

    at: int
    by: int | None = None


class File(Value, kw_only=True, frozen=True):
    """A file: `size` in bytes; `width` and `height` in pixels, for images of a known size."""

    id: int
    name: str
    type: str
    size: int
    width: int | None = None
    height: int | None = None


class Message(Value, kw_only=True, frozen=True):
    """A message in its current state, as in history and snapshots. Only its sender gets `key`.

    Attributes:
        kind: a text, or that somebody joined the room: `text` or `join`.
        reply: the message that it answers.
        root: of a reply, the first message of its thread.
        mentions: the people whom its text mentions.
        all: whether its text mentions everybody in the room.
        edited: when it was last edited.
    """

    room: int
    seq: int
    pos: int
    at: int
    sender: Sender
    kind: str = "text"
    text: str = ""
    reply: int | None = None
    root: int | None = None
    mentions: tuple[int, ...] = ()
    all: bool = False
    files: tuple[File, ...] = ()
    key: str | None = None
    reactions: tuple[Reaction, ...] = ()
    edited: int | None = None
    deleted: Deletion | None = None


class Support(Value, kw_only=True, frozen=True):
    """The fields of a support conversation besides those of a room: its person, and the state of their request.

    `waiting_since` is the time of the person's oldest unanswered message; messages before a closing count as answered.
    `email` and `page` are what a visitor of the support widget entered at `came`; they are not verified. Name and
    `email` of a `verified` one are signed by their site. A `blocked` visitor can't log in or send until an operator
    unblocks them.

    Attributes:
        state: `open` or `closed`.
    """

    person: Person
    state: str = "open"
    assignee: Sender | None = None
    waiting_since: int | None = None
    email: str | None = None
    page: str | None = None
    verified: bool = False
    came: int | None = None
    blocked: bool = False


class RoomInfo(Value, kw_only=True, frozen=True):
    """A room as one person sees it. `pos` and `at` are the position to resume from.

    Attributes:
        kind: `lobby`, `room`, `direct` or `support`.
        role: of the reader in the room: `member`, `moderator`, `owner` or `banned`.
        members: how many people are in it.
        pos: the position of its latest change.
        at: the time of its latest change.
        seq: the number of its latest message.
        first: the number of its oldest message; those before are removed.
        read: the reader has read up to this message.
        unread: how many texts of others follow that one; 100 stands for 100 or more.
        mentions: how many of those mention the reader; 100 stands for 100 or more.
        notify: which messages the reader is notified of: `all`, `mentions` or `none`.
        hidden: whether the reader removed it from their list.
        starred: whether the reader starred it.
        last: its latest message.
        peer: the other person of a direct room, or the person of a support conversation.
        others: the other people of a group direct message, by name.
    """

    id: int
    kind: str
    name: str | None = None
    topic: str = ""
    picture: str | None = None
    private: bool = False
    archived: bool = False
    slow_mode: int = 0
    role: str = "member"
    members: int = 0
    pos: int
    at: int
    seq: int
    first: int = 1
    read: int
    unread: int = 0
    mentions: int = 0
    notify: str = "mentions"
    hidden: bool = False
    starred: bool = False
    last: Message | None = None
    peer: Person | None = None
    others: tuple[Person, ...] | None = None
    support: Support | None = None


class PublicRoom(Value, kw_only=True, frozen=True):
    """A public room as people who are not in it see it."""

    id: int
    name: str
    topic: str = ""
    members: int = 0


class Invite(Value, kw_only=True, frozen=True):
    """An invite with its code: `uses` left, its end, and its room; without a room it is to register.

    `url` is its path on this server. `link` is the whole address, if the setting `public_url` is known.
    """

    code: str
    url: str
    link: str | None = None
    room: int | None = None
    room_name: str | None = None
    uses: int = 0
    expires: int = 0


class Membership(Value, kw_only=True, frozen=True):
    """A member of a room, or a banned person, and since when; `read` is their read mark, if they share it.

    Attributes:
        role: `member`, `moderator`, `owner` or `banned`.
    """

    person: Person
    role: str = "member"
    joined: int = 0
    read: int | None = None


class Members(Value, kw_only=True, frozen=True):
    """People, by id. If there are more, `next` is the `after` of the next page."""

    members: tuple[Membership, ...] = ()
    next: int | None = None


class Hit(Value, kw_only=True, frozen=True):
    """A found message. `pieces` is its text, alternately plain and matching; the first piece is plain."""

    message: Message
    pieces: tuple[str, ...] = ()


class Hits(Value, kw_only=True, frozen=True):
    """Found messages. If there are more, `next` is the `after` of the next page."""

    hits: tuple[Hit, ...] = ()
    next: int | None = None


class LastRestore(Value, kw_only=True, frozen=True):
    """The data were restored from a backup `at` that time; they have everything `until` the backup's time, if known."""

    at: int
    until: int | None = None


class Session(Value, kw_only=True, frozen=True):
    """A session after a log-in or a refresh. A refresh token is for one use: using it makes it invalid.

    Attributes:
        expires_in: seconds.
    """

    access: str
    expires_in: int
    refresh: str | None = None
    session: int = 0


class KnownRoom(Value, kw_only=True, frozen=True):
    """A client's position in a room: the number and the time of the newest change that it has."""

    room: int
    pos: int
    at: int


class Hello(Request, kw_only=True, frozen=True):
    """Authenticate; repeat it with a fresh token before the old one expires.

    Attributes:
        client: the person's name for this device.
    """

    type = "hello"
    token: str
    client: str = ""


class Sync(Request, kw_only=True, frozen=True):
    """Get all changes since the positions in `known`, with `rest` every other room as well, and then live events.

    A room may have more than 1000 changes since its position, or more than its share of `limit`. With `far` = page, the
    server sends that many and then `more`; the room is not live until a sync from there has reached its end.
    With `far` = reset, the server sends the room's current state instead. With `conversations` an operator is sent only
    so many of the open support conversations that `rest` means, and as many of those assigned to them: the longest
    waiting first. Another one follows when something happens in it, or when it is named in `known`.

    Attributes:
        far: `reset` or `page`.
        limit: the most changes to send, all rooms together.
    """

    type = "sync"
    known: tuple[KnownRoom, ...] = ()
    rest: bool = True
    since: int | None = None
    far: str = "reset"
    limit: int = 20_000
    conversations: int | None = None


class Send(Request, kw_only=True, frozen=True):
    """Send a message; repeating it with the same key saves it once."""

    type = "send"
    room: int
    key: str
    text: str = ""
    reply: int | None = None
    files: tuple[int, ...] = ()


class Edit(Request, kw_only=True, frozen=True):
    """The new text of a message."""

    type = "edit"
    room: int
    seq: int
    text: str


class Delete(Request, kw_only=True, frozen=True):
    """A message to delete."""

    type = "delete"
    room: int
    seq: int


class React(Request, kw_only=True, frozen=True):
    """A reaction with an emoji, to be added or, with `on` = false, removed."""

    type = "react"
    room: int
    seq: int
    emoji: str
    on: bool = True


class MarkRead(Request, kw_only=True, frozen=True):
    """Mark as read up to this message; with `back` also if the mark is further on, which marks later ones unread."""

    type = "read"
    room: int
    seq: int
    back: bool = False


class ReadHistory(Request, kw_only=True, frozen=True):
    """Messages of a room: before, after or around a message; without these the newest."""

    type = "history"
    room: int
    before: int | None = None
    after: int | None = None
    around: int | None = None
    limit: int = 50


class ReportActivity(Request, kw_only=True, frozen=True):
    """Announce to a room that one is typing, viewing it (operators, in support), or neither any more.

    Attributes:
        what: `typing`, `viewing` or `none`.
    """

    type = "activity"
    room: int
    what: str


class Watch(Request, kw_only=True, frozen=True):
    """Get the presence of these people and its changes; replaces the people watched before."""

    type = "watch"
    people: tuple[int, ...]


class Status(Request, kw_only=True, frozen=True):
    """Report whether the person is at the screen.

    Attributes:
        state: `online` or `away`.
    """

    type = "status"
    state: str


class Ping(Request, kw_only=True, frozen=True):
    """Check the connection; the reply has the server's time."""

    type = "ping"


class HelloOk(Value, kw_only=True, frozen=True):
    """The authenticated person, and the server's name, version and limits."""

    me: Person
    server: str = ""
    version: str = ""
    restored: LastRestore | None = None
    limits: Limits = Limits()
    expires_at: int = 0


class SyncOk(Value, kw_only=True, frozen=True):
    """The sync is complete; `rooms` is the number of rooms that were sent.

    `left_out` is the number of open support conversations that were not, because of `conversations`.
    """

    rooms: int = 0
    left_out: int = 0


class Sent(Value, kw_only=True, frozen=True):
    """A message is committed as `seq` of its room. `again`: an earlier send with this key committed it."""

    seq: int
    pos: int
    at: int
    again: bool = False


class ChangeCommitted(Value, kw_only=True, frozen=True):
    """A change is committed as `pos` of its room; or none was needed, and `pos` is the present position."""

    pos: int


class UnreadCounts(Value, kw_only=True, frozen=True):
    """How many messages are unread, and how many of those mention the person."""

    unread: int = 0
    mentions: int = 0


class History(Value, kw_only=True, frozen=True):
    """Messages, oldest first, with all changes of the room up to `pos`.

    `first`: there are no earlier messages; `last`: there are no later ones.
    """

    messages: tuple[Message, ...] = ()
    pos: int
    first: bool = False
    last: bool = False


class Watched(Value, kw_only=True, frozen=True):
    """The current presence of the watched people."""

    people: tuple[Presence, ...] = ()


class EmptyReply(Value, kw_only=True, frozen=True):
    """A reply without fields."""


class Pong(Value, kw_only=True, frozen=True):
    """The connection works; `at` is the server's time."""

    at: int


class ErrorReply(Value, kw_only=True, frozen=True):
    """The request is refused. `room` and `seq` name the message that was sent with the key before."""

    code: str
    text: str = ""
    reason: str | None = None
    field: str | None = None
    retry_ms: int | None = None
    room: int | None = None
    seq: int | None = None


Reply = (
    HelloOk
    | SyncOk
    | Sent
    | ChangeCommitted
    | UnreadCounts
    | History
    | Watched
    | EmptyReply
    | Pong
    | ErrorReply
)


REPLIES: dict[str, type[Reply]] = {
    "hello_ok": HelloOk,
    "sync_ok": SyncOk,
    "send_ok": Sent,
    "activity_ok": EmptyReply,
    "watch_ok": Watched,
    "status_ok": EmptyReply,
    "ping_ok": Pong,
    "error": ErrorReply,
    "history_ok": History,
    "edit_ok": ChangeCommitted,
    "delete_ok": ChangeCommitted,
    "react_ok": ChangeCommitted,
    "read_ok": UnreadCounts,
}
"""Replies by the `type` of the frame."""


class NewMessage(Message, kw_only=True, frozen=True):
    """A person sent a message, or joined the room (`kind="join"`).

    After an absence the message comes as it is now, with its later edits and reactions. `pos` is that of this
    event.
    """


class LoggedChange(Value, kw_only=True, frozen=True):
    """A change in the log of a room. Its `pos` is one more than that of the change before; `at` is its time."""

    room: int
    pos: int
    at: int


class MessageEdited(LoggedChange, kw_only=True, frozen=True):
    """A message has a new text, which mentions these people or, with `all`, everybody."""

    seq: int
    text: str = ""
    mentions: tuple[int, ...] = ()
    all: bool = False


class MessageDeleted(LoggedChange, kw_only=True, frozen=True):
    """A message is deleted; without `by` it was a command on the server."""

    seq: int
    by: int | None = None


class ReactionChanged(LoggedChange, kw_only=True, frozen=True):
    """A person added or removed a reaction; `count` is how many people react with the emoji now."""

    seq: int
    person: int
    emoji: str
    on: bool = True
    count: int


class MemberChanged(MemberProperties, LoggedChange, kw_only=True, frozen=True):
    """A member has a new role, is banned, or (without `role`) has left. A join is a message of the kind join.

    Attributes:
        role: `member`, `moderator`, `owner` or `banned`.
    """

    person: int
    role: str | None = None
    by: int | None = None


class RoomChanged(LoggedChange, kw_only=True, frozen=True):
    """The room has a new name, topic or setting; all of them are included."""

    name: str
    topic: str = ""
    private: bool = False
    archived: bool = False
    by: int | None = None


class SupportChanged(LoggedChange, kw_only=True, frozen=True):
    """The new state of a support conversation: open or closed, and its assignee, if any.

    Attributes:
        state: `open` or `closed`.
    """

    state: str
    assignee: Sender | None = None
    waiting_since: int | None = None
    by: int | None = None


class UnknownChange(LoggedChange, kw_only=True, frozen=True):
    """A change of a type that this client does not know. It moves the position of the room; no program gets it."""


class MoreChanges(LoggedChange, kw_only=True, frozen=True):
    """The server has more changes of the room than it sent. The client requests them; no program gets this frame."""


class RoomSnapshot(RoomInfo, kw_only=True, frozen=True):
    """A room as it is now: the person came into it, or changed their settings of it.

    With `reset` the server could not continue from the client's position, and the events before this one are not
    continued. Read the missed messages with `Chat.history(room, after=after)`.

    Attributes:
        reset: `too_far`, `other_history` or `erased`.
    """

    reset: str | None = None
    after: int | None = None


class RoomGone(Value, kw_only=True, frozen=True):
    """The person has lost a room. `closed`: a support conversation, until somebody sends to it.

    Attributes:
        reason: `removed`, `deleted` or `closed`.
    """

    room: int
    reason: str = ""


class ReadMark(Value, kw_only=True, frozen=True):
    """How far a person has read; only they themselves get `unread` and `mentions`."""

    room: int
    person: int
    seq: int
    unread: int = 0
    mentions: int = 0


class Activity(Value, kw_only=True, frozen=True):
    """A person's activity in a room. It ends after 6 seconds without a repeat, and with their next message.

    Attributes:
        what: `typing`, `viewing` or `none`.
    """

    room: int
    person: Sender
    what: str


class MemberCount(Value, kw_only=True, frozen=True):
    """The number of members of the lobby or of a support conversation. Other rooms have member events in their log."""

    room: int
    members: int = 0


class PresenceChanged(Value, kw_only=True, frozen=True):
    """People whom the program watches (`Chat.watch`) came online, went away or went offline."""

    people: tuple[Presence, ...] = ()


class ProfileChanged(Person, kw_only=True, frozen=True):
    """The profile of the person themselves, of a watched person, or of somebody in a common room has changed."""


class Bye(Value, kw_only=True, frozen=True):
    """The server stops. The client reconnects after `after_ms` milliseconds; no program gets this frame."""

    after_ms: int = 0


WireEvent = (
    NewMessage
    | MessageEdited
    | MessageDeleted
    | ReactionChanged
    | SupportChanged
    | MemberChanged
    | RoomChanged
    | UnknownChange
    | MoreChanges
    | RoomSnapshot
    | RoomGone
    | ReadMark
    | Activity
    | MemberCount
    | PresenceChanged
    | ProfileChanged
    | Bye
)


EVENTS: dict[str, type[WireEvent]] = {
    "message": NewMessage,
    "edited": MessageEdited,
    "deleted": MessageDeleted,
    "reacted": ReactionChanged,
    "support": SupportChanged,
    "member": MemberChanged,
    "changed": RoomChanged,
    "unknown": UnknownChange,
    "more": MoreChanges,
    "room": RoomSnapshot,
    "gone": RoomGone,
    "read": ReadMark,
    "activity": Activity,
    "members": MemberCount,
    "presence": PresenceChanged,
    "person": ProfileChanged,
    "bye": Bye,
}
"""Events by the `type` of the frame."""
