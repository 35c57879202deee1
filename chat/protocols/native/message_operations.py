"""The operations on messages."""

from chat.domain.refusals import Code
from chat.protocols.native import messages
from chat.protocols.native.message_types import (
    ChangeMessage,
    Counts,
    Edits,
    History,
    Hits,
    Mentions,
    Messages,
    NewMessage,
    React,
    ReadUpTo,
    SwitchReaction,
    WhichMessage,
)
from chat.protocols.native.operation import Cost, Operation
from chat.protocols.native.room_types import Message

_OUTSIDE = (Code.FORBIDDEN, Code.NOT_FOUND)
"""What whoever is not in the room is told."""
_READING = (Code.INVALID, *_OUTSIDE)
_WRITING = (Code.INVALID, *_OUTSIDE, Code.OUTCOME_UNKNOWN)

MESSAGES = (
    Operation(
        name="history",
        method="GET",
        path="/rooms/{room}/messages",
        on_socket="history",
        is_read=True,
        request=History,
        reply=Messages,
        cost=Cost.PAGE,
        refuses=_READING,
        handler=messages.history,
    ),
    Operation(
        name="send",
        method="POST",
        path="/rooms/{room}/messages",
        request=NewMessage,
        reply=Message,
        status=201,
        repeated=200,
        cost=Cost.TEXT,
        refuses=(*_WRITING, Code.CONFLICT),
        handler=messages.say,
    ),
    Operation(
        name="edit",
        method="PATCH",
        path="/rooms/{room}/messages/{seq}",
        on_socket="edit",
        request=ChangeMessage,
        reply=Message,
        cost=Cost.TEXT,
        refuses=_WRITING,
        handler=messages.edit,
    ),
    Operation(
        name="delete",
        method="DELETE",
        path="/rooms/{room}/messages/{seq}",
        on_socket="delete",
        request=WhichMessage,
        reply=Message,
        cost=Cost.MESSAGE,
        refuses=(*_OUTSIDE, Code.OUTCOME_UNKNOWN),
        handler=messages.delete,
    ),
    Operation(
        name="edits",
        method="GET",
        path="/rooms/{room}/messages/{seq}/edits",
        request=WhichMessage,
        reply=Edits,
        cost=Cost.TEXTS,
        refuses=_OUTSIDE,
        handler=messages.edits,
    ),
    Operation(
        name="mentions",
        method="GET",
        path="/mentions",
        request=Mentions,
        reply=Hits,
        cost=Cost.PAGE,
        handler=messages.mentions,
    ),
    Operation(
        name="react",
        method="PUT",
        path="/rooms/{room}/messages/{seq}/reactions/{emoji}",
        request=React,
        reply=Message,
        cost=Cost.MESSAGE,
        refuses=_WRITING,
        handler=messages.react,
    ),
    Operation(
        name="take_back",
        method="DELETE",
        path="/rooms/{room}/messages/{seq}/reactions/{emoji}",
        request=React,
        reply=Message,
        cost=Cost.MESSAGE,
        refuses=_WRITING,
        handler=messages.take_back,
    ),
    Operation(
        name="switch_reaction",
        on_socket="react",
        request=SwitchReaction,
        reply=Message,
        cost=Cost.MESSAGE,
        refuses=_WRITING,
        handler=messages.switch_reaction,
    ),
    Operation(
        name="read",
        method="PUT",
        path="/rooms/{room}/read",
        on_socket="read",
        is_read=True,
        request=ReadUpTo,
        reply=Counts,
        cost=Cost.MESSAGE,
        refuses=_OUTSIDE,
        handler=messages.mark_read,
    ),
)
