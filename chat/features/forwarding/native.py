"""Forwarding in the native protocol."""

from typing import Annotated

from msgspec import Meta

from chat.application.messages import SentBefore
from chat.domain.entities import Message
from chat.domain.messages.outcomes import Repeated
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.forwarding import use_cases
from chat.operations.operation import REFUSED_WRITES, Caller, Cost, Operation
from chat.operations.room_values import Key, Seq, Text, WhichMessage
from chat.operations.values import Id, Value


class ForwardMessage(WhichMessage, kw_only=True, frozen=True):
    """A message to forward; repeating it with the same key sends it once."""

    to: Annotated[Id, Meta(description="The room to send it to")]
    key: Key
    text: Annotated[Text, Meta(description="Stands before the quote")] = ""


class Forwarded(Value, kw_only=True, frozen=True):
    """The new message."""

    room: Id
    seq: Seq


async def forward(services: EngineServices, caller: Caller, request: ForwardMessage) -> Forwarded | Refusal:
    """Send a message to another room, as a quote, with its files."""
    outcome = await use_cases.forward(
        services, caller.known, request.room, request.seq, request.to, request.text, request.key
    )
    if isinstance(outcome, Refusal):
        return outcome
    sent = outcome.message if isinstance(outcome, SentBefore | Repeated) else outcome
    assert isinstance(sent, Message)
    return Forwarded(room=sent.room_id, seq=sent.seq)


OPERATIONS = (
    Operation(
        name="forward",
        method="POST",
        path="/rooms/{room}/messages/{seq}/forward",
        request=ForwardMessage,
        reply=Forwarded,
        cost=Cost.TEXT,
        refuses=(*REFUSED_WRITES, Code.CONFLICT, Code.TOO_BIG),
        handler=forward,
    ),
)
