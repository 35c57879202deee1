"""Link previews in the native protocol: over HTTP, on the socket, and the event."""

from typing import Annotated

from msgspec import Meta

from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.domain.text.wrong_values import pattern
from chat.engine.services import EngineServices
from chat.features.previews import use_cases
from chat.features.previews.changes import (
    MOST_DESCRIPTION,
    MOST_HOST,
    MOST_SITE,
    MOST_TITLE,
    MOST_URL,
    LinkPreview,
    Previewed,
)
from chat.features.previews.sealing import LONGEST
from chat.operations.conversions import as_file
from chat.operations.operation import NO_ACCESS, REFUSED_WRITES, Caller, Cost, Operation
from chat.operations.room_values import FileInfo, Logged, Mark, Seq, WhichMessage
from chat.operations.values import Id, Limit, Value

_Url = Annotated[str, pattern(r"^https?://[^\x00-\x20]+$", "an http or https URL", max_length=MOST_URL)]
_Preview = Annotated[
    str,
    pattern(r"^[A-Za-z0-9_-]+$(?!\n)", "the `token` of a preview", max_length=LONGEST),
]


class Preview(Value, kw_only=True, frozen=True):
    """What the page at `url` says of itself. `host` is the one that answered, by its ASCII name.

    The `picture` is a file of the server, read as others are.
    """

    url: Annotated[str, Meta(max_length=MOST_URL)]
    host: Annotated[str, Meta(max_length=MOST_HOST)]
    title: Annotated[str, Meta(max_length=MOST_TITLE)]
    description: Annotated[str, Meta(max_length=MOST_DESCRIPTION)] = ""
    site: Annotated[str, Meta(max_length=MOST_SITE)] = ""
    picture: FileInfo | None = None


class WantedPreview(Value, kw_only=True, frozen=True):
    """A link, exactly as it will stand in a message of that room."""

    room: Id
    url: _Url


class FetchedPreview(Value, kw_only=True, frozen=True):
    """A preview, and the token by which a message of one's own in that room gets it, for some hours."""

    preview: Preview
    token: str


class AttachPreview(WhichMessage, kw_only=True, frozen=True):
    """A message of one's own, and the `token` of a preview of a link in it."""

    preview: _Preview


class PreviewsOf(Value, kw_only=True, frozen=True):
    """Previews of a room's messages between `after` and `before`."""

    room: Id
    after: Mark = 0
    before: Seq | None = None
    limit: Limit = 50


class MessagePreview(Value, kw_only=True, frozen=True):
    """The preview of a message."""

    seq: Seq
    preview: Preview


class PreviewList(Value, kw_only=True, frozen=True):
    """Previews, the newest message first. If there may be more, `next` is the `before` of the next page."""

    previews: list[MessagePreview]
    next: Seq | None = None


class PreviewedEvent(Logged, kw_only=True, frozen=True, tag_field="type", tag="previewed"):
    """A message has this preview now, or none."""

    seq: Seq
    by: Id
    preview: Preview | None = None


def previewed_event(change: Previewed) -> PreviewedEvent:
    """Return the event of the change. Sync and pure."""
    return PreviewedEvent(
        room=change.room_id,
        pos=change.pos,
        at=milliseconds(change.created_at),
        seq=change.seq,
        by=change.actor_id,
        preview=None if change.preview is None else _as_preview(change.preview),
    )


async def fetch(services: EngineServices, caller: Caller, request: WantedPreview) -> FetchedPreview | Refusal:
    """Fetch the preview of a link that one is about to send."""
    found = await use_cases.fetch(services, caller.known, request.room, request.url)
    if isinstance(found, Refusal):
        return found
    return FetchedPreview(preview=_as_preview(found.preview), token=found.token)


async def attach(services: EngineServices, caller: Caller, request: AttachPreview) -> Refusal | None:
    """Show a fetched preview below one's message."""
    outcome = await use_cases.attach(services, caller.known, request.room, request.seq, request.preview)
    return outcome if isinstance(outcome, Refusal) else None


async def remove(services: EngineServices, caller: Caller, request: WhichMessage) -> Refusal | None:
    """Remove the preview of a message."""
    outcome = await use_cases.remove(services, caller.known, request.room, request.seq)
    return outcome if isinstance(outcome, Refusal) else None


async def previews(services: EngineServices, caller: Caller, request: PreviewsOf) -> PreviewList | Refusal:
    """List the previews of a room's messages, the newest first."""
    before = 2**53 if request.before is None else request.before
    found = await use_cases.previews(
        services, caller.known, request.room, request.after, before, request.limit
    )
    if isinstance(found, Refusal):
        return found
    return PreviewList(
        previews=[MessagePreview(seq=each.seq, preview=_as_preview(each.preview)) for each in found],
        next=found[-1].seq if len(found) == request.limit else None,
    )


def _as_preview(kept: LinkPreview) -> Preview:
    return Preview(
        url=kept.url,
        host=kept.host,
        title=kept.title,
        description=kept.description,
        site=kept.site,
        picture=None if kept.picture is None else as_file(kept.picture),
    )


OPERATIONS = (
    Operation(
        name="previews",
        method="GET",
        path="/rooms/{room}/previews",
        on_socket="previews",
        is_read=True,
        request=PreviewsOf,
        reply=PreviewList,
        cost=Cost.PAGE,
        refuses=NO_ACCESS,
        handler=previews,
    ),
    Operation(
        name="fetch_preview",
        method="POST",
        path="/rooms/{room}/previews",
        request=WantedPreview,
        reply=FetchedPreview,
        cost=Cost.MESSAGE,
        refuses=(*REFUSED_WRITES, Code.TOO_MANY),
        handler=fetch,
    ),
    Operation(
        name="attach_preview",
        method="PUT",
        path="/rooms/{room}/previews/{seq}",
        request=AttachPreview,
        status=204,
        cost=Cost.MESSAGE,
        refuses=REFUSED_WRITES,
        handler=attach,
    ),
    Operation(
        name="remove_preview",
        method="DELETE",
        path="/rooms/{room}/previews/{seq}",
        request=WhichMessage,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(*NO_ACCESS, Code.OUTCOME_UNKNOWN),
        handler=remove,
    ),
)
