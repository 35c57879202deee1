"""A server's archive, brought into an empty server and exported there, is the same, byte for byte."""

from pathlib import Path

import pytest

from chat.archive.directory import ArchiveReader
from chat.archive.export import Export
from chat.archive.format import Scope
from chat.archive.load import Load
from chat.domain.accounts.bots import BOTS, BotAccount
from chat.domain.accounts.hooks import HOOKS, Hook, NewHook, digest_of
from chat.domain.entities import LOBBY_ID, Message
from chat.features.bots.rules import BOT_TAKEN
from chat.features.hooks.changes import HookPost
from tests.archive.conftest import Site
from tests.archive.worlds import Builder, tree

UNUSABLE = b"$2b$04$" + b"." * 53


async def exported(site: Site, directory: Path, scope: Scope | None = None) -> dict[str, bytes]:
    """Export, and return all files of the archive."""
    await Export(site.storage.database, site.store, directory, scope or Scope()).run()
    return tree(directory)


async def imported(site: Site, directory: Path) -> None:
    """Import an archive."""
    load = Load(site.storage.database, site.store, ArchiveReader(directory), UNUSABLE, share=1.0)
    await load.run(await load.plan())


@pytest.mark.parametrize("seed", range(4))
async def test_an_archive_comes_back_byte_for_byte(
    sites: tuple[Site, Site], tmp_path: Path, seed: int
) -> None:
    here, there = sites
    await Builder(here.storage, here.store, seed).build(60)
    before = await exported(here, tmp_path / "a")
    await imported(there, tmp_path / "a")
    assert await exported(there, tmp_path / "b") == before
    bots = [site.storage.feature_ports[BOTS] for site in sites]
    ours, theirs = [await each.page(0, 9) for each in bots]
    assert ours == theirs
    assert [(each.name, [room.name for room in each.rooms], each.is_disabled) for each in theirs] == [
        ("Dice", ["garden"], False),
        ("Cards", [], True),
    ]
    for each in bots:
        assert await each.add(1, "Old (bot)", ["read"]) != BOT_TAKEN
        assert await each.add(1, "Dice (bot)", ["read"]) == BOT_TAKEN
        renamed = await each.change(theirs[0].id, 1, "Cubes (bot)", None)
        assert isinstance(renamed, BotAccount)


async def test_messages_of_two_hooks_of_one_name_come_back(sites: tuple[Site, Site], tmp_path: Path) -> None:
    here, there = sites
    for nth in range(2):
        token = digest_of(f"token {nth}")
        new = NewHook(room_id=LOBBY_ID, name="Alarms (hook)", token=token, may_mention=False)
        hook = await here.storage.feature_ports[HOOKS].add(new, None)
        assert isinstance(hook, Hook)
        post = HookPost(
            room_id=LOBBY_ID,
            actor_id=hook.id,
            created_at=1_700_000_000.5,
            token=token,
            text=f"alarm {nth}",
            key="k",
            is_body=False,
        )
        (saved,) = await here.storage.messages.save([post])
        assert isinstance(saved, Message)
    before = await exported(here, tmp_path / "a")
    await imported(there, tmp_path / "a")
    assert await exported(there, tmp_path / "b") == before
    assert await there.storage.feature_ports[HOOKS].page(0, 10) == []
