"""Sent and edited messages stay until they are saved: the tasks behind the screen, with a small model server."""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from chat.cli.talk.app import App
from chat.cli.talk.pending import Pending, PendingFiles
from chat.cli.talk.room_log import RoomLog
from chat.cli.talk.settings import TalkSettings
from chat.cli.talk.state import State
from chat.cli.talk.terminal import Terminal
from chat.client import Chat
from tests.client.model import Json, ModelRoom, ModelWorld
from tests.client.model_server import PEOPLE, ModelServer, RefusedByModel
from tests.client.people import Reach, reached


@pytest.fixture
def model() -> ModelServer:
    return ModelServer(ModelWorld(dict(PEOPLE)))


@pytest.fixture
def garden(model: ModelServer) -> ModelRoom:
    return model.world.add_room(1, 2)


@pytest.fixture
def files(tmp_path: Path) -> PendingFiles:
    return PendingFiles(tmp_path)


@pytest.fixture
async def reach(model: ModelServer) -> AsyncGenerator[Reach]:
    async with reached(model) as reach:
        yield reach


@asynccontextmanager
async def talking(
    chat: Chat, files: PendingFiles, monkeypatch: pytest.MonkeyPatch, here: Path = Path("/nowhere")
) -> AsyncGenerator[tuple[App, State]]:
    """Run all but the terminal, until the block is left."""
    state = State(chat.rooms, chat.person_id, chat.name, "chat.example")

    async def show_nothing(_terminal: Terminal) -> None:
        await trio.sleep_forever()

    monkeypatch.setattr(Terminal, "run", show_nothing)
    app = App(chat, state, files, TalkSettings(here / "settings.toml"), RoomLog(here / "logs", chat.rooms))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(app.run)
        await until(lambda: state.room is not None)
        yield app, state
        app.end()


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - on a clock that jumps
        await trio.sleep(0.1)


async def test_an_edit_without_a_connection_is_done_the_next_time(
    model: ModelServer,
    garden: ModelRoom,
    reach: Reach,
    files: PendingFiles,
    monkeypatch: pytest.MonkeyPatch,
    autojump_clock: MockClock,
) -> None:
    async with reach("ada") as chat:
        seq = (await chat.send(garden.id, "helo")).seq
        message = (await chat.history(garden.id)).messages[-1]
        async with talking(chat, files, monkeypatch) as (app, state):
            model.is_reachable = False
            model.sockets[0].drop()
            app.edit(message, "hello")
            assert state.edit_last_message()
            assert state.editor.text == "hello"
            state.stop_editing()
    assert garden.messages[seq]["text"] == "helo"
    model.is_reachable = True
    async with reach("ada") as chat, talking(chat, files, monkeypatch) as (_, state):
        await until(lambda: garden.messages[seq]["text"] == "hello" and not state.unsaved())
        assert files.load() == []


async def test_an_edit_that_is_refused_stays_in_its_room(
    model: ModelServer,
    garden: ModelRoom,
    reach: Reach,
    files: PendingFiles,
    monkeypatch: pytest.MonkeyPatch,
    autojump_clock: MockClock,
) -> None:
    other = model.world.add_room(1, 2)

    def on_request(request: Json) -> None:
        if request["type"] == "edit":
            raise RefusedByModel("invalid")

    model.on_request = on_request
    async with reach("ada") as chat:
        await chat.send(garden.id, "hi")
        message = (await chat.history(garden.id)).messages[-1]
        async with talking(chat, files, monkeypatch) as (app, state):
            state.open(garden.id)
            app.edit(message, "much too long")
            state.open(other.id)
            await until(lambda: any(pending.refused for pending in state.pending))
            assert (state.room, state.editor.text) == (other.id, "")
            assert state.edit_last_message() is False
            state.open(garden.id)
            assert state.edit_last_message()
            assert state.editing is not None
            assert (state.editing.seq, state.editor.text) == (message.seq, "much too long")
            assert (state.pending, files.load()) == ([], [])


async def test_a_wrong_command_is_put_back_into_the_input_of_its_room(
    model: ModelServer,
    garden: ModelRoom,
    reach: Reach,
    files: PendingFiles,
    monkeypatch: pytest.MonkeyPatch,
    autojump_clock: MockClock,
) -> None:
    other = model.world.add_room(1, 2)

    async with reach("ada") as chat:
        await chat.send(garden.id, "hi")
        async with talking(chat, files, monkeypatch) as (app, state):

            def on_request(request: Json) -> None:
                if request["type"] == "delete":
                    state.open(other.id)
                    raise RefusedByModel("forbidden")

            model.on_request = on_request
            state.open(garden.id)
            app.run_command("/delete")
            await until(lambda: "forbidden" in state.notice)
            assert state.editor.text == ""
            state.open(garden.id)
            assert state.editor.text == "/delete"


async def test_an_edit_that_was_not_finished_is_kept(
    garden: ModelRoom,
    model: ModelServer,
    reach: Reach,
    files: PendingFiles,
    monkeypatch: pytest.MonkeyPatch,
    autojump_clock: MockClock,
) -> None:
    other = model.world.add_room(1, 2)
    async with reach("ada") as chat:
        await chat.send(garden.id, "hi")
        async with talking(chat, files, monkeypatch) as (_, state):
            state.open(garden.id)
            assert state.edit_last_message()
            state.open(other.id)  # nothing was changed
            assert state.pending == []
            state.open(garden.id)
            assert state.edit_last_message()
            state.editor.insert(" there")
        async with talking(chat, files, monkeypatch) as (_, state):
            state.open(garden.id)
            assert state.edit_last_message()
            assert (state.editing is not None, state.editor.text) == (True, "hi there")
    assert [each["text"] for each in garden.messages.values() if "text" in each] == ["hi"]


async def test_a_text_that_can_not_be_stored_in_a_file_is_sent_nevertheless(
    garden: ModelRoom,
    reach: Reach,
    files: PendingFiles,
    monkeypatch: pytest.MonkeyPatch,
    autojump_clock: MockClock,
) -> None:
    def full(_pending: Pending) -> None:
        raise OSError(28, "No space left on device")

    async with reach("ada") as chat, talking(chat, files, monkeypatch) as (app, state):
        monkeypatch.setattr(files, "keep", full)
        app.send("hi")
        assert "No space left on device" in state.notice
        await until(lambda: not state.unsaved())
    assert [each["text"] for each in garden.messages.values() if "text" in each] == ["hi"]


async def test_history_that_failed_to_load_can_be_loaded_after_rejoining(
    model: ModelServer,
    garden: ModelRoom,
    reach: Reach,
    files: PendingFiles,
    monkeypatch: pytest.MonkeyPatch,
    autojump_clock: MockClock,
) -> None:
    model.world.add_room(1, 2)
    async with reach("ada") as chat, talking(chat, files, monkeypatch) as (_, state):
        state.open(garden.id)
        state.unloadable.add((garden.id, 2))  # as where the server refuses it, while one is removed
        model.remove(garden, 1)
        await until(lambda: state.room != garden.id)
        assert state.unloadable == set()


async def test_a_message_of_long_ago_is_not_sent_again_by_itself(
    model: ModelServer,
    garden: ModelRoom,
    reach: Reach,
    files: PendingFiles,
    monkeypatch: pytest.MonkeyPatch,
    autojump_clock: MockClock,
) -> None:
    model.key_days = 30
    for age in (40, 20):
        made = time.time_ns() - age * 86_400 * 10**9
        files.keep(Pending(f"k{age}", garden.id, f"{age} days", made))
    async with reach("ada") as chat, talking(chat, files, monkeypatch) as (_, state):
        await until(lambda: [each.get("text") for each in garden.messages.values()][-1:] == ["20 days"])
        assert "may be sent already" in state.notice
    (left,) = files.load()
    assert (left.text, left.refused) == ("40 days", "typed so long ago that it may be sent already")
