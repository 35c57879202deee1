"""Bots: which messages call one, and how its answer is posted."""

import structlog

from chat.application import messages
from chat.domain.accounts.bots import Scope, scope_refusal
from chat.domain.accounts.outgoing_hooks import Bot
from chat.domain.accounts.program_names import MARKS
from chat.domain.entities import Message
from chat.domain.messages.outcomes import Repeated
from chat.domain.refusals import NO_PERSON, Refusal
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
    if sender.endswith(MARKS):
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


def text_of(answer: Answer, *, may_mention: bool = False) -> str | None:
    """Return the text of a bot's answer, in a form that incoming hooks take; None: it says nothing. Sync and pure."""
    if not answer.body.strip():
        return None
    kind = answer.headers.get("content-type", "text/plain")
    try:
        return read(Call({"content-type": kind}, "", answer.body), may_mention=may_mention)
    except Unreadable:
        return None


class Answers:
    """Posts what bots answer."""

    def __init__(self, services: EngineServices) -> None:
        self._services = services

    async def post(self, bot: Bot, token: bytes | None, to: Message, call_id: str, answer: Answer) -> None:
        """Post an answer as the bot's reply to a message, once for each call; beyond its budget it is dropped.

        `token` is the digest of the hook's token; an account has none here. May raise StorageDown. Cancelling: it is
        posted, or not; the call is repeated, and posts it once.
        """
        text = text_of(answer, may_mention=bot.is_account)
        if text is None or (token is None and not bot.is_account):
            return
        outcome: object = self._services.budgets.message(bot.id, "", text)
        if outcome is None:
            key = key_of(call_id.encode())
            if bot.is_account:
                outcome = await self._say(bot, to, text, key)
            elif token is not None:
                outcome = await self._post(bot, token, to, text, key)
        if not isinstance(outcome, Message | Repeated):
            reason = outcome.text if isinstance(outcome, Refusal) else str(outcome)
            logger.info("an answer of a bot was not posted", bot=bot.id, reason=reason)

    async def _post(self, bot: Bot, token: bytes, to: Message, text: str, key: str) -> object:
        post = HookPost(
            room_id=to.room_id,
            actor_id=bot.id,
            created_at=current_time(),
            token=token,
            text=text,
            key=key,
            is_body=False,
            reply=to.seq,
        )
        return await self._services.writes.write(post)

    async def _say(self, bot: Bot, to: Message, text: str, key: str) -> object:
        account = await self._services.accounts.person(bot.id)
        if account is None or account.is_disabled:
            return NO_PERSON
        if refusal := scope_refusal(account, (Scope.SPEAK,)):
            return refusal
        message = messages.draft(account, to.room_id, text, key, reply=to.seq, files=())
        return (
            message if isinstance(message, Refusal) else await messages.send(self._services, account, message)
        )
