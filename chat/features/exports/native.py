"""Exports in the native protocol, over HTTP."""

from typing import Annotated, Literal

from msgspec import Meta

from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.exports.requests import KEPT, Export
from chat.features.exports.use_cases import EXPORTS, NO_EXPORTS
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.values import Password, Value
from chat.storage.archives import ArchiveFile


class AskExport(Value, kw_only=True, frozen=True):
    """A request for an export; `password` is one's own, if there is one."""

    password: Password | None = None


class ExportState(Value, kw_only=True, frozen=True):
    """One's own export: asked for, made or failed, and the percentage that is made. Times in Unix milliseconds."""

    state: Literal["making", "made", "failed"]
    asked: int
    percent: Annotated[int, Meta(ge=0, le=100)]
    size: Annotated[int, Meta(description="Bytes of the archive, once it is made")] | None = None
    until: Annotated[int, Meta(description="When it is removed")] | None = None
    failure: (
        Annotated[str, Meta(description="too_big: no space is left for it; disk: the disk failed")] | None
    ) = None


class ExportLink(Value, kw_only=True, frozen=True):
    """A link to one's own export: its path on this server, and when it ends, in Unix milliseconds."""

    path: str
    until: int


class WhichExport(Value, kw_only=True, frozen=True):
    """The last part of a link."""

    link: Annotated[str, Meta(min_length=1, max_length=100)]


async def ask_export(services: EngineServices, caller: Caller, request: AskExport) -> ExportState | Refusal:
    """Ask for an export of everything one has here; it is made in the background."""
    if services.archives is None or not services.archives.are_for_people:
        return NO_EXPORTS
    me = caller.known
    if refusal := await services.accounts.prove(me, request.password, caller.device.address):
        return refusal
    asked = await services.feature_ports[EXPORTS].ask(me)
    return asked if isinstance(asked, Refusal) else _state(asked)


async def export(services: EngineServices, caller: Caller, _request: None) -> ExportState | Refusal:
    """Return one's own export and how far it is."""
    found = await services.feature_ports[EXPORTS].of_person(caller.known)
    return found if isinstance(found, Refusal) else _state(found)


async def export_link(services: EngineServices, caller: Caller, _request: None) -> ExportLink | Refusal:
    """Make a link to download one's own export; the link before it ends."""
    link = await services.feature_ports[EXPORTS].make_link(caller.known)
    if isinstance(link, Refusal):
        return link
    return ExportLink(path=f"/api/v1/exports/{link.code}", until=_milliseconds(link.expires))


async def download_export(
    services: EngineServices, caller: Caller, request: WhichExport
) -> ArchiveFile | Refusal:
    """Download an export by its link; no token is needed, but one of somebody else is refused."""
    if services.archives is None or not services.archives.are_for_people:
        return NO_EXPORTS
    return await services.feature_ports[EXPORTS].find(request.link, caller.person, services.archives)


def _state(export: Export) -> ExportState:
    ended = export.made_at or export.failed_at
    return ExportState(
        state="making" if export.is_under_way else "made" if export.made_at else "failed",
        asked=_milliseconds(export.asked_at),
        percent=min(int(export.share * 100), 100 if export.made_at else 99),
        size=export.size,
        until=None if ended is None else _milliseconds(ended + KEPT),
        failure=export.failure,
    )


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


OPERATIONS = (
    Operation(
        name="ask_export",
        method="POST",
        path="/me/export",
        request=AskExport,
        reply=ExportState,
        status=202,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN),
        handler=ask_export,
    ),
    Operation(
        name="export",
        method="GET",
        path="/me/export",
        reply=ExportState,
        tokens=False,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND),
        handler=export,
    ),
    Operation(
        name="export_link",
        method="POST",
        path="/me/export/link",
        reply=ExportLink,
        status=201,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT),
        handler=export_link,
    ),
    Operation(
        name="download_export",
        method="GET",
        path="/exports/{link}",
        request=WhichExport,
        gives_bytes=True,
        access=Access.PERHAPS_PERSON,
        visitors=True,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND),
        handler=download_export,
    ),
)
