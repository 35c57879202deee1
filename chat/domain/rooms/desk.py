"""Whether operators answer now: by the opening hours, and where admins want it only while an operator is online."""

from collections.abc import Awaitable, Callable

import msgspec

from chat.domain.administration.live_settings import LiveSettings
from chat.domain.limits.bounds import WhenAway
from chat.domain.rooms.opening_hours import opening_hours
from chat.domain.timestamps import current_time

IsStaffed = Callable[[], Awaitable[bool]]
"""Returns whether an operator is online; may raise StorageDown."""


class Desk(msgspec.Struct, frozen=True):
    """The desk now.

    Attributes:
        is_staffed: an operator is online.
        away: what the widget does while nobody answers; None: operators answer.
        opens_at: the next opening in Unix seconds, while the desk is closed; None: it is open, or never opens.
    """

    is_staffed: bool
    away: WhenAway | None
    opens_at: float | None


async def desk_now(settings: LiveSettings, is_staffed: IsStaffed) -> Desk:
    """Return what the desk is like now. May raise StorageDown. Cancelling changes nothing."""
    has_operator, values, now = await is_staffed(), settings.values, current_time()
    hours = opening_hours(values.support_hours, values.support_time_zone, values.support_holidays)
    is_closed = hours is not None and not hours.is_open(now)
    is_away = is_closed or (values.away_without_operators == "on" and not has_operator)
    opens_at = hours.opens_at(now) if hours is not None and is_closed else None
    return Desk(has_operator, values.when_away if is_away else None, opens_at)


async def is_widget_hidden(settings: LiveSettings, is_staffed: IsStaffed) -> bool:
    """Whether the button of the widget is not shown now. May raise StorageDown. Cancelling changes nothing."""
    return settings.values.when_away == "hide" and (await desk_now(settings, is_staffed)).away is not None
