"""Labels in the native protocol: over HTTP, and the event for the sockets of operators."""

from functools import partial
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.labels import port, use_cases
from chat.features.labels.port import MOST, Colour
from chat.operations.operation import NO_ACCESS, Caller, Cost, Operation
from chat.operations.values import Id, Value

_Name = Annotated[str, Meta(description="1 to 32 characters; of each name there is one label")]


class Label(Value, kw_only=True, frozen=True):
    """A label of support conversations."""

    id: Id
    name: _Name
    colour: Colour


class Labels(Value, kw_only=True, frozen=True):
    """All labels, in the order in which they were made."""

    labels: Annotated[list[Label], Meta(max_length=MOST)]


class AddLabel(Value, kw_only=True, frozen=True):
    """A new label."""

    name: _Name
    colour: Colour = "grey"


class ChangeLabel(Value, kw_only=True, frozen=True):
    """A new name or colour of a label; fields that are left out stay."""

    label: Id
    name: _Name | None = None
    colour: Colour | None = None


class WhichLabel(Value, kw_only=True, frozen=True):
    """A label."""

    label: Id


class WhichLabelOf(Value, kw_only=True, frozen=True):
    """A support conversation, and a label."""

    room: Id
    label: Id


class LabelsOf(Value, kw_only=True, frozen=True):
    """The labels of a support conversation, by their ids."""

    room: Id
    labels: list[Id]


class Labelled(Value, kw_only=True, frozen=True):
    """The conversations that have labels: those that are open, and the last thousand of others."""

    rooms: list[LabelsOf]


class LabelsEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="labels"):
    """The labels of a conversation now; without `room`, a label was added, changed or removed. For operators."""

    room: Id | UnsetType = UNSET
    labels: list[Id] | UnsetType = UNSET


async def labels(services: EngineServices, caller: Caller, _request: None) -> Labels | Refusal:
    """List all labels, as an operator."""
    found = await use_cases.labels(services, caller.known)
    return found if isinstance(found, Refusal) else Labels(labels=list(map(_label, found)))


async def labelled(services: EngineServices, caller: Caller, _request: None) -> Labelled | Refusal:
    """List the conversations that have labels, as an operator."""
    found = await use_cases.labelled(services, caller.known)
    if isinstance(found, Refusal):
        return found
    return Labelled(rooms=[LabelsOf(room=room, labels=ids) for room, ids in found.items()])


async def add_label(services: EngineServices, caller: Caller, request: AddLabel) -> Label | Refusal:
    """Add a label, as an operator."""
    added = await use_cases.add(services, caller.known, request.name, request.colour, _event())
    return added if isinstance(added, Refusal) else _label(added)


async def change_label(services: EngineServices, caller: Caller, request: ChangeLabel) -> Label | Refusal:
    """Change the name or colour of a label, as an operator."""
    about = request.label, request.name, request.colour
    changed = await use_cases.change(services, caller.known, *about, _event())
    return changed if isinstance(changed, Refusal) else _label(changed)


async def remove_label(services: EngineServices, caller: Caller, request: WhichLabel) -> Refusal | None:
    """Remove a label, also from all conversations, as an operator."""
    return await use_cases.remove(services, caller.known, request.label, _event())


async def label_conversation(
    services: EngineServices, caller: Caller, request: WhichLabelOf
) -> LabelsOf | Refusal:
    """Give a support conversation a label, as an operator."""
    return await _switch(services, caller, request, on=True)


async def unlabel_conversation(
    services: EngineServices, caller: Caller, request: WhichLabelOf
) -> LabelsOf | Refusal:
    """Take a label from a support conversation, as an operator."""
    return await _switch(services, caller, request, on=False)


async def _switch(
    services: EngineServices, caller: Caller, request: WhichLabelOf, *, on: bool
) -> LabelsOf | Refusal:
    event_of = partial(_event, request.room)
    now = await use_cases.switch(services, caller.known, request.room, request.label, event_of, on=on)
    return now if isinstance(now, Refusal) else LabelsOf(room=request.room, labels=now)


def _label(label: port.Label) -> Label:
    return Label(id=label.id, name=label.name, colour=label.colour)


def _event(room_id: int | UnsetType = UNSET, labels: list[int] | UnsetType = UNSET) -> str:
    return msgspec.json.encode(LabelsEvent(room=room_id, labels=labels)).decode()


_REFUSED = (Code.INVALID, Code.FORBIDDEN, Code.TAKEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(
        name="labels",
        method="GET",
        path="/support/labels",
        reply=Labels,
        refuses=(Code.FORBIDDEN,),
        handler=labels,
    ),
    Operation(
        name="labelled",
        method="GET",
        path="/support/labelled",
        reply=Labelled,
        cost=Cost.TEXTS,
        refuses=(Code.FORBIDDEN,),
        handler=labelled,
    ),
    Operation(
        name="add_label",
        method="POST",
        path="/support/labels",
        request=AddLabel,
        reply=Label,
        status=201,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.TAKEN, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=add_label,
    ),
    Operation(
        name="change_label",
        method="PATCH",
        path="/support/labels/{label}",
        request=ChangeLabel,
        reply=Label,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=change_label,
    ),
    Operation(
        name="remove_label",
        method="DELETE",
        path="/support/labels/{label}",
        request=WhichLabel,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(*NO_ACCESS, Code.OUTCOME_UNKNOWN),
        handler=remove_label,
    ),
    Operation(
        name="label_conversation",
        method="PUT",
        path="/support/{room}/labels/{label}",
        request=WhichLabelOf,
        reply=LabelsOf,
        cost=Cost.MESSAGE,
        refuses=(*NO_ACCESS, Code.OUTCOME_UNKNOWN),
        handler=label_conversation,
    ),
    Operation(
        name="unlabel_conversation",
        method="DELETE",
        path="/support/{room}/labels/{label}",
        request=WhichLabelOf,
        reply=LabelsOf,
        cost=Cost.MESSAGE,
        refuses=(*NO_ACCESS, Code.OUTCOME_UNKNOWN),
        handler=unlabel_conversation,
    ),
)
