"""The operations on support conversations."""

from chat.domain.refusals import Code
from chat.features.support import handlers
from chat.features.support.types import (
    ChangeSupport,
    ConversationCounts,
    Conversations,
    CreateVisitor,
    SupportDesk,
    SupportHistory,
    WhichConversations,
    WhichHistory,
)
from chat.operations.operation import Access, Cost, Operation
from chat.operations.room_values import Room
from chat.operations.sessions import Session

OPERATIONS = (
    Operation(
        name="new_visitor",
        method="POST",
        path="/support/visitors",
        request=CreateVisitor,
        reply=Session,
        status=201,
        access=Access.ANYBODY,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.TOO_MANY, Code.OUTCOME_UNKNOWN),
        handler=handlers.new_visitor,
    ),
    Operation(
        name="support_desk",
        method="GET",
        path="/support/desk",
        reply=SupportDesk,
        access=Access.ANYBODY,
        refuses=(Code.FORBIDDEN,),
        handler=handlers.support_desk,
    ),
    Operation(
        name="own_conversation",
        method="PUT",
        path="/support",
        reply=Room,
        visitors=True,
        cost=Cost.MESSAGE,
        refuses=(Code.NOT_FOUND,),
        handler=handlers.own_conversation,
    ),
    Operation(
        name="conversations",
        method="GET",
        path="/support",
        request=WhichConversations,
        reply=Conversations,
        cost=Cost.PAGE,
        refuses=(Code.FORBIDDEN,),
        handler=handlers.conversations,
    ),
    Operation(
        name="conversation_counts",
        method="GET",
        path="/support/counts",
        reply=ConversationCounts,
        cost=Cost.TEXTS,
        refuses=(Code.FORBIDDEN,),
        handler=handlers.conversation_counts,
    ),
    Operation(
        name="support_changes",
        method="GET",
        path="/support/{room}/changes",
        request=WhichHistory,
        reply=SupportHistory,
        cost=Cost.PAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND),
        handler=handlers.support_changes,
    ),
    Operation(
        name="change_support",
        method="PATCH",
        path="/support/{room}",
        request=ChangeSupport,
        reply=Room,
        cost=Cost.MESSAGE,
        refuses=(
            Code.INVALID,
            Code.FORBIDDEN,
            Code.NOT_FOUND,
            Code.CONFLICT,
            Code.OUTCOME_UNKNOWN,
        ),
        handler=handlers.change_support,
    ),
)
