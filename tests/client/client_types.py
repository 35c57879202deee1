"""Writes the types of `chat.client` from the native protocol's: `python -m tests.client.client_types`.

It writes `wire.py`, and `features.py`: the types, the events and the calls of each feature in OF_CLIENT. To give the
client a feature, add its name there.

Names and some texts are those of the client's interface; they stand in the tables below. Fields, their types, order and
defaults are the server's. What differs, differs by rule:

| server | client | because |
|---|---|---|
| limits, patterns, literals | none | a newer server may have others |
| a required field that the client can do without | has the zero of its type | a server may leave it out one day |
| a list | a tuple | values are frozen |
"""

import inspect
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct, structs

from chat.features.drafts import FEATURE as DRAFTS
from chat.features.folders import FEATURE as FOLDERS
from chat.features.invites import types as invite_types
from chat.features.labels import FEATURE as LABELS
from chat.features.notes import FEATURE as NOTES
from chat.features.ratings import FEATURE as RATINGS
from chat.features.registry import FEATURES
from chat.features.reports.native import ReportsEvent
from chat.features.review.native import ReviewEvent
from chat.features.saved import FEATURE as SAVED
from chat.features.scheduled import FEATURE as SCHEDULED
from chat.features.teams import FEATURE as TEAMS
from chat.operations import room_values, values
from chat.operations.operation import Operation
from chat.operations.room_values import (
    Deletion,
    FileInfo,
    Logged,
    Message,
    MessageFields,
    Reaction,
    Room,
    RoomFields,
    Sender,
    Support,
)
from chat.operations.sessions import Session
from chat.operations.values import Me, Person, PersonStatus
from chat.protocols.native.messages import types as message_types
from chat.protocols.native.operations import OPERATIONS
from chat.protocols.native.rooms import types as room_requests
from chat.protocols.native.server import types as server_types
from chat.protocols.native.wire import all_frames, frames, live_frames

CLIENT = Path(__file__).parents[2] / "chat" / "client"

OF_CLIENT = frozenset({"pins", "threads"})
"""Features of the server that are the client's too, with all their events and calls."""

EVENTS_OF_CLIENT = frozenset({"pictures", "retention", "slow_mode"})
"""Further ones of which the client has only the events: their calls are for pages."""

OF_PAGES = frozenset({"room_of_thread"})
"""Calls of these features that are for pages."""

Type = type[Struct]


class Made(NamedTuple):
    """A type of the client: of which of the server's, and what of that is different."""

    server: Type
    name: str
    doc: str = ""
    only: Sequence[str] = ()
    without: Sequence[str] = ()


VALUES = (
    Made(Sender, "Sender"),
    Made(PersonStatus, "PersonStatus"),
    Made(Person, "Person"),
    Made(live_frames.Presence, "Presence"),
    Made(Reaction, "Reaction"),
    Made(Deletion, "Deletion"),
    Made(FileInfo, "File"),
    Made(Message, "Message"),
    Made(Support, "Support"),
    Made(Room, "RoomInfo"),
    Made(room_requests.PublicRoom, "PublicRoom"),
    Made(invite_types.Invite, "Invite"),
    Made(room_requests.Member, "Membership"),
    Made(room_requests.Members, "Members"),
    Made(room_values.Hit, "Hit"),
    Made(room_values.Hits, "Hits"),
    Made(server_types.Restored, "LastRestore"),
    Made(
        Session,
        "Session",
        "A session after a log-in or a refresh. A refresh token is for one use: using it makes it invalid.",
        without=("me",),
    ),
)

REQUESTS = (
    Made(frames.Position, "KnownRoom"),
    Made(frames.Hello, "Hello", without=("protocol",)),
    Made(frames.Sync, "Sync"),
    Made(frames.Send, "Send"),
    Made(message_types.ChangeMessage, "Edit"),
    Made(room_values.WhichMessage, "Delete", "A message to delete."),
    Made(message_types.SwitchReaction, "React"),
    Made(message_types.ReadUpTo, "MarkRead"),
    Made(message_types.History, "ReadHistory"),
    Made(live_frames.Activity, "ReportActivity"),
    Made(live_frames.Watch, "Watch"),
    Made(live_frames.SetStatus, "Status"),
    Made(frames.Ping, "Ping"),
)

REPLIES = (
    Made(
        frames.HelloOk,
        "HelloOk",
        "The authenticated person, and the server's name, version and limits.",
        only=("me", "server", "version", "restored", "limits", "expires_at"),
    ),
    Made(frames.SyncOk, "SyncOk"),
    Made(
        frames.SendOk,
        "Sent",
        "A message is committed as `seq` of its room. `again`: an earlier send with this key committed it.",
    ),
    Made(
        Message,
        "ChangeCommitted",
        "A change is committed as `pos` of its room; or none was needed, and `pos` is the present position.",
        only=("pos",),
    ),
    Made(
        message_types.Counts,
        "UnreadCounts",
        "How many messages are unread, and how many of those mention the person.",
        without=("read",),
    ),
    Made(message_types.Messages, "History"),
    Made(live_frames.WatchOk, "Watched"),
    Made(live_frames.ActivityOk, "EmptyReply", "A reply without fields."),
    Made(frames.PingOk, "Pong"),
    Made(
        frames.ErrorReply,
        "ErrorReply",
        "The request is refused. `room` and `seq` name the message that was sent with the key before.",
        without=("error",),
    ),
)

EVENTS = (
    Made(
        frames.MessageEvent,
        "NewMessage",
        """A person sent a message, or joined the room (`kind="join"`).

        After an absence the message comes as it is now, with its later edits and reactions. `pos` is that of this
        event.
        """,
    ),
    Made(
        Logged,
        "LoggedChange",
        "A change in the log of a room. Its `pos` is one more than that of the change before; `at` is its time.",
    ),
    Made(frames.EditedEvent, "MessageEdited"),
    Made(frames.DeletedEvent, "MessageDeleted"),
    Made(frames.ReactedEvent, "ReactionChanged"),
    Made(frames.MemberEvent, "MemberChanged"),
    Made(frames.ChangedEvent, "RoomChanged"),
    Made(frames.SupportEvent, "SupportChanged"),
    Made(
        frames.UnknownEvent,
        "UnknownChange",
        "A change of a type that this client does not know. It moves the position of the room; no program gets it.",
    ),
    Made(
        frames.MoreEvent,
        "MoreChanges",
        "The server has more changes of the room than it sent. The client requests them; no program gets this frame.",
    ),
    Made(
        frames.RoomEvent,
        "RoomSnapshot",
        """A room as it is now: the person came into it, or changed their settings of it.

        With `reset` the server could not continue from the client's position, and the events before this one are not
        continued. Read the missed messages with `Chat.history(room, after=after)`.
        """,
    ),
    Made(frames.GoneEvent, "RoomGone"),
    Made(frames.ReadEvent, "ReadMark"),
    Made(live_frames.ActivityEvent, "Activity"),
    Made(live_frames.MembersEvent, "MemberCount"),
    Made(
        live_frames.PresenceEvent,
        "PresenceChanged",
        "People whom the program watches (`Chat.watch`) came online, went away or went offline.",
    ),
    Made(live_frames.PersonEvent, "ProfileChanged"),
    Made(
        frames.ByeEvent,
        "Bye",
        "The server stops. The client reconnects after `after_ms` milliseconds; no program gets this frame.",
    ),
)

NOT_OF_PROGRAMS = (
    frames.PolicyEvent,
    live_frames.BlocksEvent,
    ReportsEvent,
    ReviewEvent,
    *FOLDERS.own_events,
    *LABELS.own_events,
    *NOTES.own_events,
    *RATINGS.own_events,
    *TEAMS.own_events,
    *SAVED.own_events,
    *SCHEDULED.own_events,
    *DRAFTS.own_events,
)
"""Events that the client ignores: it shows no log-in page, and asks for blocks and the like when it wants them."""

SAME_REPLIES = {live_frames.StatusOk: "EmptyReply"}

BASES: dict[type, str] = {
    MessageFields: "Message",
    RoomFields: "RoomInfo",
    Person: "Person",
    Logged: "LoggedChange",
}
"""Types of the server that have fields of others, and the type of the client that has them."""

MIXED_IN = {"MemberChanged": "MemberProperties"}

# fmt: off
REQUIRED = frozenset((
    "access", "at", "code", "count", "emoji", "expires_in", "id", "kind", "me", "message", "name", "person",
    "pos", "read", "room", "sender", "seq", "size", "state", "type", "url", "what",
))
# fmt: on
"""Fields without which the client cannot go on, if the server always sends them."""

_NAMES: dict[type, str] = {
    **{made.server: made.name for made in (*EVENTS, *VALUES)},
    frames.Position: "KnownRoom",
    server_types.Limits: "Limits",
    Me: "Person",
}
"""How a field's type is called; `Limits` is written by hand."""

_GENERIC = frozenset(
    meta.description
    for module in (values, room_values)
    for kind in vars(module).values()
    if get_origin(kind) is Annotated
    for meta in kind.__metadata__
)
"""Descriptions of types such as `Seq`: they say nothing about one field."""

_HEAD = '''\
"""The types of the protocol, as a client decodes them: values, requests, replies and events.

Made from the server's types by `make protocol-types`; a test compares. Times are Unix milliseconds. Programs take these
names from `chat.client`.
"""

from chat.client.structs import Limits, MemberProperties, Request, Value
'''


_FEATURES_HEAD = '''\
"""What features add to the client: types, events and calls.

Made from the server's features by `make protocol-types`; a test compares. Programs take these names from `chat.client`.
"""

from chat.client.calls import Calls, with_query
from chat.client.events import FeatureChange
'''


def files() -> dict[Path, str]:
    """Return each file that is made, as it must be."""
    return {CLIENT / "wire.py": wire(), CLIENT / "features.py": features()}


def wire() -> str:
    """Return `wire.py` as it must be."""
    parts = [
        _HEAD,
        *map(_declared, VALUES),
        *map(_request, REQUESTS),
        *map(_declared, REPLIES),
        f"Reply = {' | '.join(made.name for made in REPLIES)}\n",
        _table("REPLIES", "type[Reply]", _replies(), "Replies by the `type` of the frame."),
        *map(_declared, EVENTS),
        f"WireEvent = {' | '.join(dict.fromkeys(_events().values()))}\n",
        _table("EVENTS", "type[WireEvent]", _events(), "Events by the `type` of the frame."),
    ]
    return _formatted("\n\n".join(parts))


def features() -> str:
    """Return `features.py` as it must be."""
    here = [each for each in FEATURES if each.name in OF_CLIENT]
    operations = [
        each
        for feature in here
        for each in feature.operations
        if each.method is not None and each.name not in OF_PAGES
    ]
    known = [each for each in FEATURES if each.name in OF_CLIENT | EVENTS_OF_CLIENT]
    events = [each.event for feature in known for each in feature.events]
    replies = [each.reply for each in operations if each.reply is not None]
    kinds = [*(inner for each in replies for inner in _values_in(each)), *replies, *events]
    own = {
        kind: f"_{kind.__name__}"
        if kind in replies and len(structs.fields(kind)) == 1
        else kind.__name__.removesuffix("Event")
        for kind in dict.fromkeys(kinds)
        if kind not in _NAMES
    }
    names = _NAMES | own
    declared = [_declared(Made(kind, name), names) for kind, name in own.items()]
    used = [name for name in set(_NAMES.values()) if re.search(rf"\b{name}\b", "".join(declared))]
    public = ", ".join(f'"{name}"' for name in sorted(own.values()) if not name.startswith("_"))
    parts = [
        _FEATURES_HEAD,
        "from chat.client.structs import Value\n" if declared else "",
        f"from chat.client.wire import {', '.join(sorted(used))}\n" if used else "",
        f"__all__{'' if public else ': list[str]'} = [{public}]\n",
        *declared,
        _table(
            "EVENTS",
            "type[FeatureChange]",
            {str(each.__struct_config__.tag): own[each] for each in events},
            "Events of features by the `type` of the frame.",
        ),
        'class FeatureCalls(Calls):\n    """Calls of features, which are methods of `Chat`."""\n',
        "\n".join(_call(each, names) for each in operations),
    ]
    return _formatted("\n".join(parts))


def _core_operations() -> Iterator[Operation]:
    """The operations of the socket that are of no feature."""
    of_features = {operation.name for feature in FEATURES for operation in feature.operations}
    return (each for each in OPERATIONS if each.on_socket is not None and each.name not in of_features)


def _replies() -> dict[str, str]:
    names = {made.server: made.name for made in REPLIES} | SAME_REPLIES
    tags = {str(each.__struct_config__.tag): names[each] for each in (*all_frames.REPLIES, frames.ErrorReply)}
    return tags | {f"{each.on_socket}_ok": names[each.reply] for each in _core_operations() if each.reply}


def _events() -> dict[str, str]:
    names = {made.server: made.name for made in EVENTS}
    of_features = {each.event for feature in FEATURES for each in feature.events}
    events = [each for each in all_frames.EVENTS if each not in of_features and each not in NOT_OF_PROGRAMS]
    return {str(each.__struct_config__.tag): names[each] for each in events}


def _request(made: Made) -> str:
    tags = {each.request: each.on_socket for each in _core_operations()}
    tag = tags.get(made.server) or made.server.__struct_config__.tag
    return _declared(made) if tag is None else _declared(made, base="Request", first=f'type = "{tag}"')


def _declared(made: Made, names: dict[type, str] = _NAMES, *, base: str = "", first: str = "") -> str:
    """The declaration of a type of the client."""
    above = [kind for kind in made.server.__mro__[1:] if kind in BASES] if not base else []
    inherited = {each.name for each in structs.fields(above[0])} if above and not made.only else set()
    base = base or (BASES[above[0]] if inherited and BASES[above[0]] != made.name else "Value")
    if base == "LoggedChange" and made.server not in {each.server for each in EVENTS}:
        base = "FeatureChange"
    inherited = inherited if base != "Value" else set()
    mixed_in = f"{MIXED_IN[made.name]}, " if made.name in MIXED_IN else ""
    fields = [
        each
        for each in structs.fields(made.server)
        if each.name not in inherited
        and each.name not in made.without
        and (not made.only or each.name in made.only)
        and not (each.name == "id" and issubclass(made.server, frames.Request | frames.Reply))
    ]
    lines = [first, *(_field(each, names, is_request=base == "Request") for each in fields)]
    return (
        f"class {made.name}({mixed_in}{base}, kw_only=True, frozen=True):\n"
        f"{textwrap.indent(_docstring(made, fields), '    ')}\n\n"
        + "".join(f"    {line}\n" for line in lines if line)
    )


def _docstring(made: Made, fields: Iterable[structs.FieldInfo]) -> str:
    doc = inspect.cleandoc(made.doc or made.server.__doc__ or "")
    about = [f"    {each.name}: {text}" for each in fields if (text := _about(each.type))]
    if about:
        doc += "\n\nAttributes:\n" + "\n".join(
            line for each in about for line in textwrap.wrap(each, 114, subsequent_indent=" " * 8)
        )
    return f'"""{doc}"""' if "\n" not in doc else f'"""{doc}\n"""'


def _about(kind: Any) -> str:
    """What the server says about a field, and which values it may have."""
    texts = [
        each.description for each in _metas(kind) if each.description and each.description not in _GENERIC
    ]
    options = [f"`{each}`" for each in _options(kind)]
    if options:
        texts.append(options[0] if len(options) == 1 else f"{', '.join(options[:-1])} or {options[-1]}")
    text = ": ".join(texts)
    return text[:1].lower() + text[1:] + "." if text else ""


def _metas(kind: Any) -> Iterator[Meta]:
    if get_origin(kind) is Annotated:
        yield from (each for each in kind.__metadata__ if isinstance(each, Meta))
    elif get_origin(kind) in (Union, UnionType):
        for each in get_args(kind):
            yield from _metas(each)


def _options(kind: Any) -> Iterator[Any]:
    if get_origin(kind) is Literal:
        yield from get_args(kind)
    elif get_origin(kind) in (Annotated, Union, UnionType):
        for each in get_args(kind)[: 1 if get_origin(kind) is Annotated else None]:
            yield from _options(each)


def _field(field: structs.FieldInfo, names: dict[type, str], *, is_request: bool) -> str:
    kind = _kind(field.type, names)
    if field.default is not msgspec.NODEFAULT:
        value = field.default
        return f"{field.name}: {kind} = {f'{value:_}' if type(value) is int else repr(value)}"
    if field.default_factory is not msgspec.NODEFAULT:
        assert field.default_factory() == [], field
        return f"{field.name}: {kind} = ()"
    if field.name in REQUIRED or is_request:
        return f"{field.name}: {kind}"
    if field.name == "by":
        return f"{field.name}: int | None = None"
    zero = (
        "()"
        if kind.startswith("tuple")
        else {"int": "0", "str": '""', "bool": "False"}.get(kind, f"{kind}()")
    )
    return f"{field.name}: {kind} = {zero}"


def _kind(kind: Any, names: dict[type, str]) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if kind is NoneType:
        return "None"
    if origin is Annotated:
        return _kind(inner[0], names)
    if origin is Literal:
        return type(inner[0]).__name__
    if origin in (Union, UnionType):
        return " | ".join(dict.fromkeys(_kind(each, names) for each in inner))
    if origin in (list, tuple):
        return f"tuple[{_kind(inner[0], names)}, ...]"
    if issubclass(kind, Struct):
        return names[kind]
    return "str" if issubclass(kind, Enum) else str(kind.__name__)


def _values_in(kind: Any) -> Iterator[Type]:
    """The types of values within a type, innermost first."""
    for inner in [each.type for each in structs.fields(kind)] if _is_struct(kind) else get_args(kind):
        yield from _values_in(inner)
        if _is_struct(inner):
            yield inner


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _call(operation: Operation, names: dict[type, str]) -> str:
    """The method of an operation whose fields stand in its path, or in the query of a GET with a default.

    A reply of one field returns that field.
    """
    fields = () if operation.request is None else structs.fields(operation.request)
    asked = [each for each in fields if f"{{{each.name}}}" not in operation.path]
    is_query = operation.method == "GET" and not any(each.required for each in asked)
    assert is_query or not asked, f"write {operation.name} by hand"
    takes = "".join(f", {each.name}: {_kind(each.type, names)}" for each in fields if each not in asked)
    takes += ", *" if asked else ""
    takes += "".join(f", {each.name}: {_kind(each.type, names)} = {each.default!r}" for each in asked)
    cancelling = "nothing happens" if operation.method == "GET" else "it may be done or not"
    reply, doc = operation.reply, operation.summary
    returns = "None" if reply is None else names[reply]
    path = f'{"f" if fields else ""}"{operation.path}"'
    if asked:
        path = f"with_query({path}, {', '.join(f'{each.name}={each.name}' for each in asked)})"
    gives = f'await self._call("{operation.method}", {path}, {"type(None)" if reply is None else returns})'
    if reply is not None:
        doc += f"\n\nReturns:\n    {inspect.cleandoc(reply.__doc__ or '')}"
        if len(parts := structs.fields(reply)) == 1:
            returns, gives = _kind(parts[0].type, names), f"({gives}).{parts[0].name}"
        gives = f"return {gives}"
    body = textwrap.indent(f'"""{doc}\n\nCancelling: {cancelling}.\n"""\n{gives}\n', " " * 8)
    return f"    async def {operation.name}(self{takes}) -> {returns}:\n{body}"


def _table(name: str, kind: str, rows: dict[str, str], doc: str) -> str:
    body = "".join(f'    "{tag}": {value},\n' for tag, value in rows.items())
    return f'{name}: dict[str, {kind}] = {{\n{body}}}\n"""{doc}"""\n'


def _formatted(text: str) -> str:
    for command in (["check", "--select", "I", "--fix", "-q"], ["format", "-q"]):
        run = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(CLIENT / "made.py"), "-"]
        text = subprocess.run(run, input=text, capture_output=True, text=True, check=True).stdout
    return text


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text)
