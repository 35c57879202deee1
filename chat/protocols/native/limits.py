"""What a server allows, as `hello` tells it."""

from chat.protocols.native.frames import Limits
from chat.protocols.native.socket_operations import IN_FLIGHT
from chat.protocols.services import Services


def limits_of(services: Services) -> Limits:
    """Return what counts now. Sync."""
    rate = services.budgets.rates.messages
    return Limits(
        in_flight=IN_FLIGHT,
        file_bytes=services.uploads.most_bytes,
        sends_per_second=int(rate) if rate.is_integer() else rate,
    )
