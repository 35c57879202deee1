"""Zip files that nobody vouches for."""

import stat
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from chat.archive.directory import BadArchive
from chat.imports.zip_reading import ZipReader


def zipped(path: Path, *entries: tuple[ZipInfo | str, bytes]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, raw in entries:
            archive.writestr(name, raw)
    return path


def link() -> ZipInfo:
    info = ZipInfo("users.json")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x", "/etc/passwd", "a/../../b", "..\\b", "C:\\windows\\x", link()]
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: ZipInfo | str) -> None:
    with pytest.raises(BadArchive, match="leads elsewhere"):
        ZipReader(zipped(tmp_path / "a.zip", (name, b"x")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match="twice"):
        ZipReader(zipped(tmp_path / "a.zip", ("a", b"1"), ("a", b"2")))


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = zipped(tmp_path / "a.zip", ("users.json", bytes(5_000_000)))
    assert bomb.stat().st_size < 10_000
    with ZipReader(bomb) as reader, pytest.raises(BadArchive, match="more than 1000000 bytes"):
        reader.read("users.json", 1_000_000)


def test_an_entry_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("users.json", bytes(100_000)))
    raw = path.read_bytes()
    assert raw.count((100_000).to_bytes(4, "little")) == 2
    path.write_bytes(raw.replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with ZipReader(path) as reader, pytest.raises(BadArchive, match=r"users\.json"):
        reader.read("users.json", 1000)


def test_what_is_no_zip_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK no")
    with pytest.raises(BadArchive, match="no zip file"):
        ZipReader(tmp_path / "a.zip")
    cut = zipped(tmp_path / "b.zip", ("users.json", b"x" * 1000)).read_bytes()
    (tmp_path / "b.zip").write_bytes(cut[:-20])
    with pytest.raises(BadArchive, match="no zip file"):
        ZipReader(tmp_path / "b.zip")


def test_a_damaged_entry_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("users.json", bytes(range(256)) * 100))
    raw = bytearray(path.read_bytes())
    raw[60] ^= 0xFF
    path.write_bytes(raw)
    with ZipReader(path) as reader, pytest.raises(BadArchive, match="damaged"):
        reader.read("users.json", 100_000)
