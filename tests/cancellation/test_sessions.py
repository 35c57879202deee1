"""A client of each dialect, cut off at every point of its conversation, and met by every error of its socket and the storage."""

from collections.abc import Callable
from typing import Any

import pytest
from ledger import Ledger
from sweeping import CANCELLING, Run
from swept_world import (
    FAILING,
    assert_alive,
    assert_lobby_told,
    assert_nothing_left,
    converse,
    ear_in_lobby,
    swept_world,
)

from chat.dialects.dialect import Dialect
from chat.dialects.messenger import MESSENGER
from chat.dialects.table import DIALECTS
from chat.dialects.talker import TALKER

pytest_plugins = ["sweeping_plugin"]

each_kind = pytest.mark.parametrize("flavours", [CANCELLING, FAILING], ids=["cancelled", "failing"])

Line = Callable[[str], dict[str, str]]
LINES: dict[str, tuple[Dialect, Line]] = {
    "talker": (TALKER, lambda text: {"name": "ada", "message": text}),
    "messenger": (MESSENGER, lambda text: {"username": "ada", "message": text}),
}


async def lobby_conversation(run: Run, dialect: Dialect, line: Line) -> None:
    """Log in on the socket, say something, ask what was said, short and long, and leave."""
    async with swept_world(run) as (world, witness):
        ada = await world.add("ada")
        ear, other = await ear_in_lobby(world, "ben"), await ear_in_lobby(world, "cem")
        frames: list[Any] = [
            line("anonymous"),
            line(f"auth {world.token(ada)}"),
            line("hi"),
            line("history 10"),
            line("bye"),
            line("history 1000"),
            line("nonsense" * 1000),
        ]
        client = await converse(run, world, dialect, None, frames, DIALECTS)
        await assert_lobby_told(world, ear)
        await assert_lobby_told(world, other)
        await assert_nothing_left(world, witness, client)
        await assert_alive(world, other, ear)


@each_kind
@pytest.mark.parametrize("name", LINES)
def test_a_conversation_in_the_lobby(sweeps: Ledger, name: str, flavours: tuple[str, ...]) -> None:
    dialect, line = LINES[name]
    sweeps.sweep(lambda run: lobby_conversation(run, dialect, line), name, flavours=flavours)
