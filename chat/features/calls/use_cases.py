"""The use case of calls, for all protocols."""

import secrets

from chat.application import messages
from chat.application.messages import SentBefore
from chat.domain.entities import Person
from chat.domain.messages.outcomes import KeyUsed, Outcome, Repeated
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.conversations import may_speak
from chat.engine.services import EngineServices

CALLS_OFF = Refusal(Code.FORBIDDEN, "this server has no calls", reason="calls_off")

_TELEPHONE = "\N{TELEPHONE RECEIVER}"
_NAME_BYTES = 16
"""Random bytes of the name of a call, as hexadecimal digits: some services ignore the case of letters."""


async def begin(services: EngineServices, person: Person, room_id: int, key: str) -> Outcome | SentBefore:
    """Send a message with a link to a new call. With the same key it is sent once.

    Raises StorageDown. Cancelling: it may still be sent.
    """
    template = services.settings.call_url
    if not template:
        access = await services.conversations.enter(person, room_id)
        return access if isinstance(access, Refusal) else may_speak(access) or CALLS_OFF
    before, after = template.split("{room}")
    text = f"{_TELEPHONE} {before}{secrets.token_hex(_NAME_BYTES)}{after}"
    draft = messages.draft(person, room_id, text, key, reply=None, files=())
    if isinstance(draft, Refusal):
        return draft
    sent = await messages.send(services, person, draft)
    if isinstance(sent, KeyUsed) and _is_call(sent.message.text) and sent.message.room_id == room_id:
        return Repeated(sent.message)  # it differs by the name alone
    return sent


def _is_call(text: str) -> bool:
    return text.startswith(f"{_TELEPHONE} http") and len(text.split()) == 2
