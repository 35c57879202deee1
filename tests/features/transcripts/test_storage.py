"""What a storage queues of a conversation; each test runs in memory and on PostgreSQL."""

from collections.abc import Sequence
from email.utils import make_msgid

import pytest

from chat.domain.ports import Storage
from chat.domain.refusals import Refusal
from chat.features.transcripts.port import NOT_ANSWERED, TRANSCRIPTS, Said
from chat.mail.letter import Mail
from chat.mail.queue import MAILS
from chat.storage.postgres.database import DatabaseAddress
from tests.features.desk_report.test_storage import Desk
from tests.support.databases import fetch

WHEN = "2026-01-12T10:00"


@pytest.fixture
async def desk(storage: Storage) -> Desk:
    desk = Desk(storage)
    await desk.open()
    await desk.say("mona", WHEN)
    return desk


async def queue(desk: Desk) -> Refusal | list[Said]:
    """Queue the conversation, and return what it has."""
    person, room_id = desk.rooms["mona"]
    got: list[Said] = []

    def make(said: Sequence[Said]) -> Mail:
        got.extend(said)
        return Mail(to="m@mail.example", message_id=make_msgid(), subject="s", text="t", html="h")

    return await desk.storage.feature_ports[TRANSCRIPTS].queue(room_id, person.id, make) or got


async def test_a_transcript_is_queued_once_an_hour(desk: Desk, place: DatabaseAddress | None) -> None:
    mails = desk.storage.feature_ports[MAILS]
    assert await queue(desk) is NOT_ANSWERED
    await desk.say("mona", "2026-01-12T10:01", by=desk.olga)
    said = await queue(desk)
    assert isinstance(said, list)
    assert [(each.name, each.text, each.files) for each in said] == [
        (None, "words", ()),
        ("olga", "words", ()),
    ]
    refused = await queue(desk)
    assert isinstance(refused, Refusal)
    assert refused.reason == "transcript_too_soon"
    assert refused.retry_after is not None
    assert 3590 < refused.retry_after <= 3600
    assert len(await mails.listed(9)) == 1
    if place is not None:
        await fetch(place, "UPDATE support_transcripts SET queued_at = queued_at - interval '3601 seconds'")
        assert isinstance(await queue(desk), list)
        assert len(await mails.listed(9)) == 2
