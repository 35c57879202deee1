"""A call of a hook: a message of its room, once; and the words of Slack's webhooks for what went wrong.

Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
"""

import math
import re

import msgspec
import structlog
import trio

from chat.domain.accounts.hooks import HOOKS, HookAccess, digest_of
from chat.domain.entities import Message
from chat.domain.failures import StorageError
from chat.domain.lru_cache import LRUCache
from chat.domain.messages.outcomes import KeyUsed, Outcome, Repeated
from chat.domain.refusals import ARCHIVED, NO_MESSAGE, NOT_SAVED, ROOM_GONE, Code, Refusal
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.hooks.changes import NO_HOOK, HookPost, key_of
from chat.features.hooks.payloads.reading import Call, delivery_key, read
from chat.features.hooks.payloads.values import Unreadable, shortened
from chat.operations.plain_http import PlainAnswer, PlainRequest, PlainRoute

LONGEST_BODY = 524_288
"""Bytes. An event of a forge with hundreds of commits has some hundred thousand."""

MOST_KNOWN = 1000
"""Hooks that are known without a query."""

_KNOWN_FOR = 10.0
"""Seconds until a hook is read again: then it is known whether it may mention people now."""

_NOTED_FOR = 10.0
"""Seconds in which a use of a hook, or the same error, is written once."""

_LONGEST_ERROR = 300
# Clients of Discord's webhooks then read the message from the answer: https://discord.com/developers/docs/resources/webhook
_WAITS = re.compile("(?:^|&)wait=(?:true|1)(?:&|$)", re.IGNORECASE)
_TOKEN = re.compile("[A-Za-z0-9_-]{32}")

_OK = PlainAnswer(200, "ok")
_NO_SERVICE = PlainAnswer(404, "no_service")
_ONLY_POST = PlainAnswer(405, "method_not_allowed", allow="POST")
_UNAVAILABLE = PlainAnswer(503, "service_unavailable", retry_after=1)

logger = structlog.get_logger(__name__)


class HookCalls:
    """Answers calls of hooks."""

    def __init__(self, services: EngineServices) -> None:
        self._services = services
        self._hooks = services.feature_ports[HOOKS]
        self._known: LRUCache[bytes, tuple[HookAccess, float]] = LRUCache(MOST_KNOWN)  # and when it was read
        self._noted: LRUCache[tuple[int, str], float] = LRUCache(MOST_KNOWN)

    async def answer(self, request: PlainRequest) -> PlainAnswer:
        """Post the message of a call, and answer as Slack does: `ok`, or a word for the error. May raise StorageError.

        Cancelling: the message is committed, or not; repeated within ten seconds, or with its key, it is sent once.
        """
        token = request.rest.removesuffix("/")
        digest = digest_of(token)
        hook = await self._find(token, digest, request.address)
        if hook is None:
            return _NO_SERVICE
        if request.method != "POST":
            return _ONLY_POST
        answer, reason = await self._post(hook, digest, request)
        if answer is _NO_SERVICE and digest in self._known:
            del self._known[digest]  # the hook is removed, or its token was renewed
        if answer.status == 200 or reason:
            await self._note(hook, f"{answer.text}: {reason}" if reason else "")
        return answer

    async def _find(self, token: str, digest: bytes, address: str) -> HookAccess | None:
        """Return the hook with this token, as it was at most `_KNOWN_FOR` ago; None: there is none."""
        known = self._known.get(digest)
        if known is not None and trio.current_time() - known[1] < _KNOWN_FOR:
            return known[0]
        if known is None:
            # Who guesses tokens waits as all calls of their address do. Others wait for the budget of their hook alone.
            await trio.sleep(self._services.budgets.call(address))
        hook = await self._hooks.by_token(digest) if _TOKEN.fullmatch(token) else None
        if hook is not None:
            self._known[digest] = hook, trio.current_time()
        return hook

    async def _post(self, hook: HookAccess, digest: bytes, request: PlainRequest) -> tuple[PlainAnswer, str]:
        """Return the answer, and why the call was refused, if those learn of it who look after the hook."""
        if refusal := self._services.budgets.hook(hook.id):
            wait = math.ceil(refusal.retry_after or 1)
            return PlainAnswer(429, "rate_limited", retry_after=wait), refusal.text
        call = Call(request.headers, request.query, request.body)
        try:
            delivery = delivery_key(call)
            text = read(call, may_mention=hook.may_mention)
        except Unreadable as error:
            return PlainAnswer(400, error.word), error.reason
        data = delivery.encode() if delivery is not None else request.query.encode() + b"\n" + request.body
        post = HookPost(
            room_id=hook.room_id,
            actor_id=hook.id,
            created_at=current_time(),
            token=digest,
            text=text,
            key=key_of(data),
            is_body=delivery is None,
        )
        outcome = await self._services.writes.write(post)
        if _WAITS.search(request.query) and isinstance(outcome, Message | Repeated):
            return _created(outcome if isinstance(outcome, Message) else outcome.message), ""
        return _answer_to(post, outcome)

    async def _note(self, hook: HookAccess, error: str) -> None:
        """Keep that a hook is used, or an error; not for each call."""
        error = shortened(error, _LONGEST_ERROR)
        noted = self._noted.get((hook.id, error))
        if noted is not None and trio.current_time() - noted < _NOTED_FOR:
            return
        self._noted[hook.id, error] = trio.current_time()
        try:
            await (self._hooks.note_error(hook.id, error) if error else self._hooks.note_use(hook.id))
        except StorageError as problem:  # the message is committed, or refused for another reason
            logger.warning("the last use or error of a hook was not kept", hook=hook.id, error=str(problem))


def _created(message: Message) -> PlainAnswer:
    """Return the message as Discord returns one to clients that wait for it. Sync and pure."""
    shown = {
        "id": str(message.id),
        "type": 0,
        "channel_id": str(message.room_id),
        "webhook_id": str(message.sender_id),
        "content": message.text,
        "attachments": [],
        "embeds": [],
    }
    return PlainAnswer(200, msgspec.json.encode(shown).decode(), kind="application/json")


def _answer_to(post: HookPost, outcome: Outcome) -> tuple[PlainAnswer, str]:
    """Return the answer to a call whose message has this outcome, and the reason of a refusal. Sync and pure."""
    match outcome:
        case Message() | Repeated():
            return _OK, ""
        case KeyUsed() if post.is_body:
            return _OK, ""  # the same body, which was read in another way before an upgrade
        case KeyUsed(text=text):
            return PlainAnswer(409, "key_used"), text
        case Refusal() if outcome is NO_HOOK:
            return _NO_SERVICE, ""
        case Refusal() if outcome in (ROOM_GONE, NO_MESSAGE):  # the journal says so of features' writes
            return PlainAnswer(404, "channel_not_found"), ""
        case Refusal() if outcome is ARCHIVED:
            return PlainAnswer(410, "channel_is_archived"), outcome.text
        case Refusal(code=Code.UNAVAILABLE | Code.OUTCOME_UNKNOWN):
            return _UNAVAILABLE, ""
    reason = outcome.text if isinstance(outcome, Refusal) else NOT_SAVED.text
    return PlainAnswer(400, "invalid_payload"), reason


ROUTE = PlainRoute(
    path="/hooks/",
    longest_body=LONGEST_BODY,
    too_long=PlainAnswer(413, "payload_too_large"),
    unavailable=_UNAVAILABLE,
    make=lambda services: HookCalls(services).answer,
)
