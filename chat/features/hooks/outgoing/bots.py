"""Bots: which messages call one, and how its answer is posted."""

import structlog

from chat.domain.accounts.hooks import MARK
from chat.domain.accounts.outgoing_hooks import Bot, Waiting
from chat.domain.entities import Message
from chat.domain.messages.outcomes import Repeated
from chat.domain.refusals import Refusal
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.hooks.changes import HookPost, key_of
from chat.features.hooks.payloads.reading import Call, read
from chat.features.hooks.payloads.values import Unreadable
from chat.outbound.client import Answer

logger = structlog.get_logger(__name__)


def is_call(bot: Bot, sender: str, text: str) -> bool:
    """Whether a message calls a bot: it mentions it, or begins with its command. Sync and pure.

    A message of a hook or a bot calls none, so that bots do not answer each other.
    """
    if sender.endswith(MARK):
        return False
    folded = text.casefold()
    if bot.command is not None and folded.split(maxsplit=1)[:1] == [f"/{bot.command.casefold()}"]:
        return True
    name = f"@{bot.name.casefold()}"
    at = folded.find(name)
    while at >= 0:
        before, after = folded[at - 1 : at], folded[at + len(name) : at + len(name) + 1]
        if not (before.isalnum() or after.isalnum() or after == "_"):
            return True
        at = folded.find(name, at + 1)
    return False


def text_of(answer: Answer) -> str | None:
    """Return the text of a bot's answer, in a form that incoming hooks take; None: it says nothing. Sync and pure."""
    if not answer.body.strip():
        return None
    kind = answer.headers.get("content-type", "text/plain")
    try:
        return read(Call({"content-type": kind}, "", answer.body), may_mention=False)
    except Unreadable:
        return None


class Answers:
    """Posts what bots answer."""

    def __init__(self, services: EngineServices) -> None:
        self._services = services

    async def post(self, hook: Waiting, token: bytes, seq: int, call_id: str, answer: Answer) -> None:
        """Post an answer as the bot's reply to the message `seq`, once for each call; beyond its budget it is dropped.

        May raise StorageDown. Cancelling: it is posted, or not; the call is repeated, and posts it once.
        """
        text = text_of(answer)
        if text is None or hook.bot is None or hook.room_id is None:
            return
        outcome: object = self._services.budgets.message(hook.bot.id, "", text)
        if outcome is None:
            post = HookPost(
                room_id=hook.room_id,
                actor_id=hook.bot.id,
                created_at=current_time(),
                token=token,
                text=text,
                key=key_of(call_id.encode()),
                is_body=False,
                reply=seq,
            )
            outcome = await self._services.writes.write(post)
        if not isinstance(outcome, Message | Repeated):
            reason = outcome.text if isinstance(outcome, Refusal) else str(outcome)
            logger.info("an answer of a bot was not posted", bot=hook.bot.id, reason=reason)
