"""Turns writes of features that become messages into drafts, before a batch is saved; asyncio-flavoured.

So they are saved as all messages are, in the statement of the whole batch. It reads before the log is locked: who ends
a right waits until the writes under way are settled.
"""

from collections.abc import Mapping, Sequence

from chat.domain.messages.changes import Write
from chat.domain.messages.outcomes import Saved
from chat.domain.messages.review import Asked
from chat.domain.refusals import Refusal
from chat.storage.postgres.features import Convert, Save
from chat.storage.postgres.reviewing import save_reviewed
from chat.storage.postgres.writer import RawConnection


async def save_converted(
    connection: RawConnection,
    writes: Sequence[Write],
    asked: Mapping[int, Asked],
    savers: Mapping[type, Save],
    converters: Mapping[type, Convert],
) -> tuple[list[Saved], set[int]]:
    """Convert writes, and save all that are not refused, as `save_reviewed` does."""
    if converters.keys().isdisjoint(map(type, writes)):
        return await save_reviewed(connection, writes, asked, savers)
    converted: list[Write | Refusal] = [*writes]
    for kind, convert in converters.items():
        places = [nth for nth, write in enumerate(writes) if type(write) is kind]
        if places:
            made = await convert(connection, [writes[nth] for nth in places])
            for nth, draft in zip(places, made, strict=True):
                converted[nth] = draft
    places = [nth for nth, write in enumerate(converted) if not isinstance(write, Refusal)]
    good = [write for write in converted if not isinstance(write, Refusal)]
    if not good:
        return [write for write in converted if isinstance(write, Refusal)], set()
    asked = {after: asked[before] for after, before in enumerate(places) if before in asked}
    saved, people = await save_reviewed(connection, good, asked, savers)
    rest = iter(saved)
    return [*(each if isinstance(each, Refusal) else next(rest) for each in converted), *rest], people
