"""Backups that are encrypted: nothing plain is left, and only an identity brings one back."""

import io
import os
import signal
import subprocess
import sys
import tarfile
from contextlib import suppress
from pathlib import Path

import pyrage
import pytest
import trio

from chat.backup.copies import FIRST_INCREMENTAL
from chat.backup.encryption import Identities, read_recipients
from chat.backup.failures import BackupFailed
from chat.backup.kept import forget_kept
from chat.backup.manifest import read_manifest
from chat.backup.restoring import _put_files
from chat.backup.scratch import PLAIN
from chat.backup.target import backups_in, newest_in
from tests.backup.conftest import FILE, attach, command, lines, register, say
from tests.backup.test_restoring import DIGEST
from tests.support.campaign import in_campaign
from tests.support.databases import fetch
from tests.support.people import eventually
from tests.support.server import ServerProcess, data_path, running_server

KEY = pyrage.x25519.Identity.generate()
OTHER = pyrage.x25519.Identity.generate()
WORDS = "nobody else may read this"


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    path = tmp_path / "identity"
    path.write_text(f"# the key of the tests\n{KEY}\n")
    return path


def files_in(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def plain_in(server: ServerProcess) -> list[Path]:
    """Copies that are made; the newest one is kept elsewhere."""
    return [*(server.data / PLAIN).glob("chat-proof-*")]


def encrypted_files(backup: Path) -> set[str]:
    return {path.name for path in (backup / "files").glob("*/*.age")}


def verify(server: ServerProcess, target: Path, *flags: str | Path) -> str:
    """Prove the newest backup on the server's machine; return what is printed."""
    return "\n".join(lines(command("backup", "verify", target, "--data", server.data, *flags)))


@in_campaign
async def test_an_encrypted_backup_has_nothing_plain_and_is_restored(
    own_server: ServerProcess, target: Path, identity: Path, tmp_path: Path
) -> None:
    token = register(own_server, "dora")
    await say(own_server, token, WORDS)
    await attach(own_server, token)
    make = ("backup", target, "--data", own_server.data, "--recipient", str(KEY.to_public()))
    lines(command(*make))
    first = newest_in(target)
    secret = (own_server.data / "secret").read_bytes().strip()
    for path in files_in(first):
        assert path.stat().st_mode & 0o777 == 0o600
        content = path.read_bytes()
        assert all(each not in content for each in (WORDS.encode(), secret, FILE[:64])), path
    assert {path.suffix for path in files_in(first)} == {".age", ".json"}
    assert plain_in(own_server) == []
    assert "rooms without a gap" in verify(own_server, target), "the plain copy, which is here"
    assert "rooms without a gap" in verify(own_server, target, "--identity", identity)
    assert not [path for path in files_in(first) if DIGEST in path.name], "who has the file sees it too"
    manifest = read_manifest(first)
    assert (manifest.database.rows, manifest.database.checksums) == ({}, {})
    lines(command(*make))
    second = newest_in(target)
    file = min(encrypted_files(first) & encrypted_files(second))
    inodes = {(each / "files" / file[:2] / file).stat().st_ino for each in (first, second)}
    assert len(inodes) == 1
    assert (first / "secret.age").read_bytes() != (second / "secret.age").read_bytes()
    with data_path() as data:
        refused = command("restore", target, "--data", data)
        assert (refused.returncode, "--identity" in refused.stderr) == (1, True)
        other = tmp_path / "other"
        other.write_text(f"{OTHER}\n")
        wrong = command("restore", target, "--data", data, "--identity", other)
        assert (wrong.returncode, "cannot decrypt" in wrong.stderr) == (1, True)
        lines(command("restore", target, "--data", data, "--identity", identity))
        assert not (data / "restoring-plain").exists()
        assert (data / "secret").read_bytes().strip() == secret
        assert (data / "files" / DIGEST[:2] / DIGEST).read_bytes() == FILE
        with running_server(data) as restored:
            query = f"SELECT count(*) FROM messages WHERE text = '{WORDS}'"
            assert await fetch(restored.address, query) == 1
    damaged = second / "files" / file[:2] / file
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"!")
    wrong = command("backup", "verify", target, "--data", own_server.data)
    assert (wrong.returncode, file in wrong.stdout) == (1, True)


@in_campaign
async def test_the_next_encrypted_backup_copies_what_changed(
    own_server: ServerProcess, target: Path, identity: Path
) -> None:
    if await fetch(own_server.address, "SHOW server_version_num") < str(FIRST_INCREMENTAL * 10_000):
        pytest.skip("this PostgreSQL copies no changes")
    token = register(own_server, "emil")
    make = ("backup", target, "--data", own_server.data, "--recipient", str(KEY.to_public()))
    await say(own_server, token, "in the first backup")
    lines(command(*make))
    await say(own_server, token, "in the second backup")
    lines(command(*make))
    first, second = (target / name for name in backups_in(target))
    assert read_manifest(second).database.on == first.name
    tar = "database.tar.age"
    assert (second / tar).stat().st_size < 0.7 * (first / tar).stat().st_size, "but for 16 MB of its log"
    assert "rooms without a gap" in verify(own_server, target), "the plain copies of both are here"
    with data_path() as data:
        lines(command("restore", target, "--data", data, "--identity", identity))
        with running_server(data) as restored:
            query = "SELECT count(*) FROM messages WHERE text LIKE 'in the % backup'"
            assert await fetch(restored.address, query) == 2
    content = (first / tar).read_bytes()
    (first / tar).write_bytes(content[:-1] + b"!")
    wrong = command("backup", "verify", target, "--data", own_server.data)
    assert (wrong.returncode, f"{first.name}/{tar}" in wrong.stdout) == (1, True)
    (first / tar).write_bytes(content)
    # Without the plain copy, as on another disk, the next one is whole, and the older copies go.
    forget_kept(own_server.data)
    assert "--identity FILE proves it now" in verify(own_server, target)
    lines(command(*make))
    third = newest_in(target)
    assert read_manifest(third).database.on is None
    assert [path.name for path in (own_server.data / PLAIN / "kept").glob("2*")] == [third.name]


def test_a_plain_copy_that_a_kill_left_is_removed(own_server: ServerProcess, target: Path) -> None:
    flags = (
        "backup",
        "make",
        str(target),
        "--data",
        str(own_server.data),
        "--recipient",
        str(KEY.to_public()),
    )
    process = subprocess.Popen([sys.executable, "-m", "chat", *flags], stderr=subprocess.DEVNULL)
    try:
        eventually(
            lambda: any(each.glob("plain/database/*") for each in plain_in(own_server)), "a plain copy"
        )
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait(30)
    assert backups_in(target) == []
    assert len(plain_in(own_server)) == 1
    lines(command(*flags))
    assert plain_in(own_server) == []
    assert len(backups_in(target)) == 1


def test_a_server_with_wrong_recipients_does_not_start(target: Path, tmp_path: Path) -> None:
    done = command(
        "serve",
        "--data",
        tmp_path / "data",
        "--backup",
        tmp_path / "backup",
        "--backup-recipient",
        "age1wrong",
    )
    assert done.returncode != 0
    assert "is no public key of age" in done.stderr


def test_recipients_are_a_key_or_a_file_of_several(tmp_path: Path) -> None:
    keys = sorted(str(each.to_public()) for each in (KEY, OTHER))
    assert read_recipients(keys[0]).keys == (keys[0],)
    path = tmp_path / "recipients"
    path.write_text(f"# two\n{keys[1]}\n\n{keys[0]}\n")
    assert read_recipients(str(path)).keys == tuple(keys)
    for content in ("# none\n", "ssh-rsa AAAA\n"):
        path.write_text(content)
        with pytest.raises(BackupFailed, match="public key of age"):
            read_recipients(str(path))
    with pytest.raises(BackupFailed, match="cannot read"):
        read_recipients(str(tmp_path / "missing"))


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside-of-a-backup", "link/outside"])
def test_a_foreign_encrypted_backup_writes_nowhere_else(identity: Path, tmp_path: Path, name: str) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        if name.startswith("link"):
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, ".."
            tar.addfile(link)
        member = tarfile.TarInfo(name)
        member.size = 3
        tar.addfile(member, io.BytesIO(b"bad"))
    foreign = tmp_path / "database.tar.age"
    foreign.write_bytes(pyrage.encrypt(content.getvalue(), [KEY.to_public()]))
    into = tmp_path / "below" / "into"
    into.parent.mkdir()
    with suppress(BackupFailed):  # or it is a name below `into`
        trio.run(trio.to_thread.run_sync, Identities(identity).decrypt_directory, foreign, into)
    files = [path for path in tmp_path.rglob("outside*") if path.is_file()]
    assert all(path.is_relative_to(into) for path in files)
    assert not Path("/tmp/outside-of-a-backup").exists()


def test_a_link_among_the_files_of_a_foreign_backup_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "backup" / "ab"
    folder.mkdir(parents=True)
    (tmp_path / "private").write_text("of the machine")
    (folder / ("ab" * 32)).symlink_to(tmp_path / "private")
    with pytest.raises(BackupFailed, match="is a link"):
        trio.run(trio.to_thread.run_sync, _put_files, tmp_path / "backup", tmp_path / "store", None)
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


def test_a_file_without_an_identity_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "identity"
    for content in ("# none\n", "age1notasecret\n"):
        path.write_text(content)
        with pytest.raises(BackupFailed, match="AGE-SECRET-KEY-1"):
            Identities(path)


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyrage", None)
    with pytest.raises(BackupFailed, match=r"pip install 'trio-chat\[age\]'"):
        read_recipients(str(KEY.to_public()))
