"""The tools: operations under names that a model understands. What they take is the operation's request."""

from typing import Any, NamedTuple
from uuid import uuid4

import msgspec

from chat.domain.refusals import Refusal
from chat.operations.operation import AlreadyDone, Caller, Operation
from chat.protocols.native.calling import run
from chat.protocols.native.operations import OPERATIONS
from chat.protocols.services import Services


class Tool(NamedTuple):
    """A tool. `schema` is the JSON Schema of what it takes; `is_read`: it changes nothing."""

    name: str
    operation: Operation
    description: str
    schema: dict[str, Any]
    is_read: bool


class ToolResult(NamedTuple):
    """What a call of a tool returned: JSON, or why it is refused."""

    text: str
    is_error: bool


_NAMED = {each.name: each for each in OPERATIONS}


def _tool(name: str, operation: Operation, description: str) -> Tool:
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    if operation.request is not None:
        (root,), parts = msgspec.json.schema_components([operation.request], ref_template="#/$defs/{name}")
        schema = parts.pop(root["$ref"].rpartition("/")[2])
        if parts:
            schema["$defs"] = parts
    if "key" in schema["properties"]:
        schema["required"] = [each for each in schema["required"] if each != "key"]
    return Tool(name, operation, description, schema, operation.method == "GET")


TOOLS = {
    each.name: each
    for each in (
        _tool(
            "list_rooms",
            _NAMED["own_rooms"],
            "List the rooms, direct messages and support conversations that you are in, with their ids.",
        ),
        _tool(
            "read_messages",
            _NAMED["history"],
            "Read messages of a room, oldest first: the newest, or those before, after or around a seq.",
        ),
        _tool(
            "search_messages",
            _NAMED["search"],
            "Search messages in all rooms that you are in, or in one. q has words and phrases in quotes.",
        ),
        _tool(
            "send_message",
            _NAMED["send"],
            "Send a message to a room, in Markdown; reply is the seq of a message that it answers. "
            "The same key sends it once.",
        ),
    )
}
"""By name, in the order in which they are listed."""


async def call(services: Services, caller: Caller, name: str, arguments: dict[str, Any]) -> ToolResult:
    """Call a tool of TOOLS for a person. May raise StorageDown and OutcomeUnknown. Cancelling: as for the operation."""
    tool = TOOLS[name]
    asked = None
    if tool.operation.request is not None:
        if "key" in tool.schema["properties"]:
            arguments = {"key": str(uuid4()), **arguments}
        try:
            asked = msgspec.convert(arguments, tool.operation.request)
        except msgspec.ValidationError as error:
            return ToolResult(f"invalid: {error}", is_error=True)
    reply = await run(services, tool.operation, caller, asked)
    if isinstance(reply, Refusal):
        return ToolResult(f"{reply.code.value}: {reply.text}", is_error=True)
    if isinstance(reply, AlreadyDone):
        reply = reply.reply
    return ToolResult(msgspec.json.encode(reply).decode(), is_error=False)
