"""Calls in the native protocol, over HTTP."""

from chat.application.messages import SentBefore
from chat.domain.entities import Message
from chat.domain.messages.outcomes import Repeated
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.calls import use_cases
from chat.operations.operation import REFUSED_WRITES, Caller, Cost, Operation
from chat.operations.room_values import Key, Seq
from chat.operations.values import Id, Value


class BeginCall(Value, kw_only=True, frozen=True):
    """A call to begin; repeating it with the same key begins one."""

    room: Id
    key: Key


class CallBegun(Value, kw_only=True, frozen=True):
    """The message with the link: `📞`, a space, and the address."""

    room: Id
    seq: Seq


async def begin_call(services: EngineServices, caller: Caller, request: BeginCall) -> CallBegun | Refusal:
    """Begin a call: send a message with a link to it."""
    outcome = await use_cases.begin(services, caller.known, request.room, request.key)
    if isinstance(outcome, Refusal):
        return outcome
    sent = outcome.message if isinstance(outcome, SentBefore | Repeated) else outcome
    assert isinstance(sent, Message)
    return CallBegun(room=sent.room_id, seq=sent.seq)


OPERATIONS = (
    Operation(
        name="begin_call",
        method="POST",
        path="/rooms/{room}/calls",
        request=BeginCall,
        reply=CallBegun,
        cost=Cost.MESSAGE,
        refuses=(*REFUSED_WRITES, Code.CONFLICT),
        handler=begin_call,
    ),
)
