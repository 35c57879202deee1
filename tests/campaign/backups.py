"""Backups that are cut off at random moments beside a load, and restores that are killed; each second is encrypted."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyrage
import trio

from chat.backup.manifest import read_manifest
from chat.backup.target import backups_in
from chat.client import ConnectionFailed, open_chat
from chat.data_access import open_address
from chat.settings.config import Config
from tests.campaign.rows import Row, spread
from tests.support.databases import fetch
from tests.support.faults.load import ACKNOWLEDGED, Load, register_all
from tests.support.faults.trials import load_on
from tests.support.server import ServerProcess, data_path, running_server

TRIALS = int(os.environ.get("BACKUPS", "50"))
"""Backups, of which about half are cut off; and restores, of which all but the first are killed."""
LOBBY = 1

_TEXTS = "SELECT array_agg(text) FROM messages"


def backups() -> Iterable[Row]:
    with tempfile.TemporaryDirectory(prefix="chat-backups-") as directory, data_path() as data:
        key, identity = pyrage.x25519.Identity.generate(), Path(directory) / "identity"
        identity.write_text(f"{key}\n")
        kinds = (
            Kind("", Path(directory) / "plain", (), ()),
            Kind(
                "encrypted ",
                Path(directory) / "encrypted",
                ("--recipient", str(key.to_public())),
                ("--identity", str(identity)),
            ),
        )
        with running_server(data) as server:
            tokens = register_all(server.url, "ada", "ben", "cem")
            digests: dict[str, float] = {}
            with load_on(server, tokens) as load:
                for number in range(TRIALS):
                    digests[attach(server, tokens["ada"])] = time.time()
                    kinds[number % 2].back_up(data)
        for kind in kinds:
            names = backups_in(kind.target)
            assert len(names) >= len(kind.took), "each that ended well is there"
            for name in names:
                assert run("backup", "verify", str(kind.target / name), *kind.reading) == 0, name
            said = f"{kind.cut_off} cut off and {len(names)} whole, each of which is proven"
            what = f"{kind.name}`chat backup` beside a load, killed at any moment ({kind.took[0]:.1f} s)"
            yield what, f"{len(kind.took) + kind.cut_off} ×", said, spread(kind.took)
        yield restores(kinds, load, digests)


class Kind:
    """Backups of one kind in a directory of their own, and what writing and reading them takes."""

    def __init__(self, name: str, target: Path, writing: tuple[str, ...], reading: tuple[str, ...]) -> None:
        self.name, self.target, self.writing, self.reading = name, target, writing, reading
        self.took: list[float] = []
        """Seconds of those that ended well; the first one is not killed."""
        self.cut_off = 0

    def back_up(self, data: Path) -> None:
        began = time.monotonic()
        status = killed_after(
            ["backup", str(self.target), "--data", str(data), *self.writing],
            random.uniform(0.1, 2.0) * self.took[0] if self.took else 120.0,
        )
        if status == 0:
            self.took.append(time.monotonic() - began)
        else:
            assert status == -signal.SIGKILL, "it has failed by itself"
            self.cut_off += 1


def restores(kinds: Sequence[Kind], load: Load, digests: dict[str, float]) -> Row:
    """Kill restores, then let them end: all that is older than the backup is there."""
    whole: dict[Kind, float] = {}
    took, checked, bare = [], 0, 0
    for number in range(TRIALS):
        kind = kinds[number % 2]
        backup = kind.target / random.choice(backups_in(kind.target))
        with data_path() as copy:
            command = ["restore", str(backup), "--data", str(copy), *kind.reading]
            if kind in whole:
                status = killed_after(command, random.uniform(0.05, 0.8) * whole[kind])
                assert status in (0, -signal.SIGKILL), "it has failed by itself"
                bare += status != 0
            if not (copy / "chat-data").exists():
                began = time.monotonic()
                assert run(*command) == 0
                took.append(time.monotonic() - began)
                whole.setdefault(kind, took[-1])
            checked += check(copy, read_manifest(backup).begun_at, load, digests)
    said = (
        f"{bare} killed and run again; of {checked:,} acknowledged before their backups, and of files, 0 lost"
    )
    what = "`kill -9` of `chat restore`, each second time of an encrypted backup"
    return what, f"{TRIALS} ×", said, spread(took)


def check(data: Path, begun_at: float, load: Load, digests: dict[str, float]) -> int:
    """Look for everything that was acknowledged before a backup began; return how many messages that is."""

    async def look() -> set[str]:
        async with open_address(Config(data=data)) as address:
            return set(await fetch(address, _TEXTS))

    ahead = time.time() - time.monotonic()
    texts = trio.run(look)
    older = [
        each.line.text
        for each in load.attempts
        if each.outcome is ACKNOWLEDGED and each.ended + ahead < begun_at
    ]
    assert set(older) <= texts, f"lost {len(set(older) - texts)} of {len(older)}"
    for digest, at in digests.items():
        if at < begun_at:
            content = (data / "files" / digest[:2] / digest).read_bytes()
            assert hashlib.sha256(content).hexdigest() == digest
    return len(older)


def attach(server: ServerProcess, token: str) -> str:
    """Send a message with a file, once the limit of uploads allows it; return its digest."""
    content = os.urandom(100_000)

    async def send() -> None:
        async with open_chat(server.url, token=token) as chat:
            await chat.send(LOBBY, "a file", files=[await chat.upload(LOBBY, content, "noise")])

    while True:
        try:
            trio.run(send)
            break
        except ConnectionFailed:  # backups that are cut off at once come faster than uploads may
            time.sleep(1)
    return hashlib.sha256(content).hexdigest()


def run(*arguments: str) -> int:
    done = subprocess.run([sys.executable, "-m", "chat", *arguments], stdout=subprocess.DEVNULL, check=False)
    return done.returncode


def killed_after(arguments: list[str], seconds: float) -> int:
    """Run a command, and kill it with all its processes if it takes longer; return its status."""
    with subprocess.Popen(
        [sys.executable, "-m", "chat", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return process.wait()
