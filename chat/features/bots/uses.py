"""Notes the last use of each bot's token, at most once a minute."""

import structlog
import trio

from chat.domain.accounts.bots import Bots
from chat.domain.entities import Person
from chat.domain.failures import StorageError
from chat.domain.lru_cache import LRUCache

_NOTED_FOR = 60.0
"""Seconds in which a use is written once by a server."""

_MOST_NOTED = 1000

logger = structlog.get_logger(__name__)


class BotUseNotes:
    """The port `BotUses`."""

    def __init__(self, bots: Bots) -> None:
        self._bots = bots
        self._noted: LRUCache[int, float] = LRUCache(_MOST_NOTED)  # by session

    async def note(self, bot: Person) -> None:
        """Note that a bot uses the token of its session now. Cancelling: it is noted, or not."""
        session_id = bot.session_id
        if session_id is None:
            return
        noted = self._noted.get(session_id)
        if noted is not None and trio.current_time() - noted < _NOTED_FOR:
            return
        self._noted[session_id] = trio.current_time()
        try:
            await self._bots.note_use(session_id)
        except StorageError as error:  # what the bot does is decided elsewhere
            logger.warning("the last use of a bot's token was not kept", bot=bot.id, error=str(error))
