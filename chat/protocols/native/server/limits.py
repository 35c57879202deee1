"""The server's features and limits, for `hello` and `GET /server`."""

from chat import __version__
from chat.domain.messages.files import MOST_FILES
from chat.domain.messages.message_state import MOST_EMOJI
from chat.domain.messages.reading import MOST_SHARED_WITH
from chat.domain.messages.sync_types import MOST_REPLAYED, milliseconds
from chat.domain.text.rules import NAME_LENGTH, TEXT_LENGTH, TOPIC_LENGTH
from chat.features.registry import FEATURES
from chat.operations.operation import Caller
from chat.protocols.native.connection.sockets import MOST_SOCKETS
from chat.protocols.native.server.types import PROTOCOL, Limits, Restored, ServerInfo
from chat.protocols.native.wire.frames import IN_FLIGHT, KNOWN_IN_A_FRAME, MOST_WATCHED
from chat.protocols.services import Services
from chat.web_api.bodies import LONGEST_BODY

_PAGE = 100

_ALWAYS = (
    "activity",
    "conversation_pages",
    "edits",
    "mentions",
    "presence",
    "reactions",
    "read_marks",
    "sync_pages",
)
"""What every server of this version has, beside the features of the registry."""


def features_of(services: Services) -> tuple[str, ...]:
    """Return the current features, in alphabetical order. Sync."""
    some = [feature.name for feature in FEATURES if feature.is_on(services)]
    if services.visitors.are_welcome:
        some.append("visitors")
    return tuple(sorted((*_ALWAYS, *some)))


def restored_of(services: Services) -> Restored | None:
    """Return the last restore of the data from a backup. Sync."""
    restore = services.restore
    if restore is None:
        return None
    until = None if restore.until is None else milliseconds(restore.until)
    return Restored(at=milliseconds(restore.at), until=until)


def limits_of(services: Services) -> Limits:
    """Return the current limits. Sync."""
    rates = services.budgets.rates
    return Limits(
        text=TEXT_LENGTH,
        topic=TOPIC_LENGTH,
        name=NAME_LENGTH,
        frame_bytes=services.frame_bytes,
        body_bytes=LONGEST_BODY,
        file_bytes=services.uploads.most_bytes,
        files=MOST_FILES,
        reactions=MOST_EMOJI,
        page=_PAGE,
        known=KNOWN_IN_A_FRAME,
        replay=MOST_REPLAYED,
        in_flight=IN_FLIGHT,
        watch=MOST_WATCHED,
        sockets=MOST_SOCKETS,
        receipts_members=MOST_SHARED_WITH,
        key_days=services.settings.key_days,
        sends_per_second=_shortest(rates.messages),
        send_bytes_per_second=_shortest(rates.text),
        pages_per_second=_shortest(rates.pages),
        searches_per_second=_shortest(services.budgets.search_rate),
        uploads_per_second=_shortest(services.budgets.upload_rate),
        calls_per_second=_shortest(rates.calls),
    )


async def server_info(services: Services, _caller: Caller, _request: None) -> ServerInfo:
    """Get the server's name, version, policy, features and limits."""
    return ServerInfo(
        server=services.settings.server_name,
        version=__version__,
        protocol=PROTOCOL,
        data=services.data_id,
        restored=restored_of(services),
        registration=services.accounts.registration,
        lobby=services.settings.lobby,
        features=features_of(services),
        limits=limits_of(services),
    )


def _shortest(rate: float) -> float:
    return int(rate) if float(rate).is_integer() else round(rate, 3)
