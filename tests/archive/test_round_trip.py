"""A server's archive, brought into an empty server and exported there, is the same, byte for byte."""

from pathlib import Path

import pytest

from chat.archive.directory import ArchiveReader
from chat.archive.export import Export
from chat.archive.format import Scope
from chat.archive.load import Load
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
