"""The real server removes expired messages, also if it is killed meanwhile."""

from collections.abc import Generator
from pathlib import Path

import pytest
import trio

from chat.client import Position, RoomSnapshot, Trimmed, open_chat
from tests.client.people import next_event
from tests.support.campaign import in_campaign
from tests.support.databases import execute, fetch
from tests.support.people import eventually, register, request
from tests.support.server import ServerProcess, running_server, used_data_path

OLD, NEW = 600, 5

_FILL = f"""
INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at, mentions)
SELECT nth, 1, nth, nth, id, 'message', 'words ' || nth,
    CASE WHEN nth <= {OLD} THEN now() - interval '90 days' + nth * interval '1 s' ELSE now() END,
    CASE WHEN nth % 10 = 0 THEN ARRAY[0] END
FROM (SELECT min(id) AS id FROM users) AS somebody, generate_series(1, {OLD + NEW}) AS nth;
INSERT INTO mentions (room_id, person_id, seq, id, sender_id)
SELECT 1, 0, seq, id, sender_id FROM messages WHERE mentions IS NOT NULL;
INSERT INTO reactions (room_id, seq, emoji, person_id) SELECT 1, seq, '👍', sender_id FROM messages WHERE seq % 7 = 0;
INSERT INTO edits (room_id, seq, pos, text, created_at)
SELECT 1, seq, seq, 'before', now() FROM messages WHERE seq % 9 = 0;
UPDATE rooms SET last_seq = {OLD + NEW}, last_pos = {OLD + NEW} WHERE id = 1;
UPDATE lanes SET last_id = {OLD + NEW} WHERE id = 1;
INSERT INTO settings (name, value, changed_at) VALUES ('message_days', '30', now() - interval '2 hours')"""

_LEFT = """
SELECT count(*) || ' ' || min(seq) || ' ' || max(seq) FROM messages WHERE room_id = 1"""

_TIMES = "SELECT floor(extract(epoch FROM max(created_at)) * 1000)::bigint FROM messages WHERE room_id = 1"

_REMAINS = f"""
SELECT (SELECT count(*) FROM mentions WHERE seq <= {OLD}) + (SELECT count(*) FROM reactions WHERE seq <= {OLD})
    + (SELECT count(*) FROM edits WHERE seq <= {OLD})
    + (SELECT count(*) FROM message_words WHERE id <= {OLD})"""


@pytest.fixture
def data() -> Generator[Path]:
    with used_data_path() as data:
        yield data


def left(server: ServerProcess) -> int:
    return int(trio.run(fetch, server.address, "SELECT count(*) FROM messages WHERE room_id = 1"))


async def programs_learn_of_it(server: ServerProcess, token: str) -> None:
    """One that was up to date gets an event. Others lack changes that are removed, and read on after those."""

    def place(pos: int) -> dict[int, Position]:
        return {1: Position(pos, times[pos])}

    with trio.fail_after(30):
        times = {3: 0, OLD: 0, OLD + NEW: await fetch(server.address, _TIMES)}
        async with open_chat(server.url, token=token, positions=place(OLD + NEW)) as chat:
            trimmed = await next_event(chat, Trimmed)
            assert isinstance(trimmed, Trimmed)
            assert (trimmed.room, trimmed.pos, trimmed.first) == (1, OLD + NEW + 1, OLD + 1)
        for pos in (3, OLD):
            async with open_chat(server.url, token=token, positions=place(pos)) as chat:
                reset = await next_event(chat, RoomSnapshot)
                assert isinstance(reset, RoomSnapshot)
                assert (reset.reset, reset.after, reset.first) == ("erased", OLD, OLD + 1)
                page = await chat.history(1, after=reset.after)
                assert [each.seq for each in page.messages] == [*range(OLD + 1, OLD + NEW + 1)]


@in_campaign
def test_a_kill_in_the_middle_of_a_removal_loses_none_of_it(data: Path) -> None:
    with running_server(data) as server:
        authorization = register(server.url, "ada")
        trio.run(execute, server.address, _FILL)
    with running_server(data) as server:
        eventually(lambda: left(server) < OLD + NEW - 100, "it removes", 60)
        server.kill()
    with running_server(data) as server:
        assert left(server) > NEW, "it was killed in the middle"
        is_logged = "SELECT EXISTS (SELECT FROM changes WHERE data ->> 'kind' = 'trimmed')"
        eventually(lambda: bool(trio.run(fetch, server.address, is_logged)), "readers get the change", 60)
        assert trio.run(fetch, server.address, _LEFT) == f"{NEW} {OLD + 1} {OLD + NEW}"
        eventually(lambda: trio.run(fetch, server.address, _REMAINS) == 0, "nothing is left of them")
        history = request(
            "GET", f"{server.url}/api/v1/rooms/1/messages", headers={"Authorization": authorization}
        ).json()
        assert ([each["seq"] for each in history["messages"]], history["first"]) == (
            [*range(OLD + 1, OLD + NEW + 1)],
            True,
        )
        assert history["pos"] == OLD + NEW + 1
        trio.run(programs_learn_of_it, server, authorization)
        counted = "SELECT removed FROM retention_counts WHERE kind = 'messages'"
        eventually(lambda: (trio.run(fetch, server.address, counted) or 0) > 0, "it is counted")
