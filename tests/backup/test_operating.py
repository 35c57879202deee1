"""Each command of docs/operating.md about backups, in its order, on a real server."""

import re
import shlex
import shutil
from pathlib import Path

import pyrage
import pytest

from chat.backup.state import read_backup_state
from chat.backup.target import newest_in
from chat.settings.config import Config, ConfigError
from chat.settings.sources import read_config
from tests.support.campaign import in_campaign
from tests.support.command_line import run_chat
from tests.support.documentation.commands import ROOT, shell_blocks
from tests.support.server import ServerProcess, data_path

PAGE = ROOT / "docs" / "operating.md"


def of_the_page(**here: Path) -> list[str]:
    """The commands of the page, with places of the test's own in them."""
    ours = {
        "/mnt/backup": here["target"],
        "/var/lib/trio-chat": here["data"],
        "/srv/restored": here["restored"],
        "/mnt/encrypted": here["target"].parent / "encrypted",
        "/etc/chat/recipients": here["target"].parent / "recipients",
        "/root/identity": here["target"].parent / "identity",
    }
    lines = [line for block in shell_blocks(PAGE) for line in block.splitlines()]
    found = [line for line in lines if line.startswith("chat backup") or line.startswith("chat restore ")]
    found = [line for line in found if "--to " not in line]  # test_moments.py runs it
    for written, own in ours.items():
        found = [line.replace(written, shlex.quote(str(own))) for line in found]
    return found


@in_campaign
def test_its_commands_do_as_it_says(own_server: ServerProcess, target: Path) -> None:
    (own_server.data / "removed-accounts.jsonl").touch()
    key = pyrage.x25519.Identity.generate()
    (target.parent / "recipients").write_text(f"{key.to_public()}\n")
    (target.parent / "identity").write_text(f"{key}\n")
    with data_path() as restored:
        run_all(of_the_page(target=target, data=own_server.data, restored=restored), restored)
    state = read_backup_state(own_server.data)
    assert state.proven == state.backup == str(newest_in(target.parent / "encrypted"))
    assert state.problem is None


def run_all(commands: list[str], restored: Path) -> None:
    assert len(commands) == 8
    for each in commands:
        shutil.rmtree(restored, ignore_errors=True)  # a restore goes into what is empty
        _, *arguments = shlex.split(each)
        done = run_chat(arguments)
        assert done.returncode == 0, (each, done.stdout, done.stderr)


def test_its_settings_are_read(tmp_path: Path) -> None:
    nightly, archived = re.findall(
        r"^```toml\n(backup = .*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    (tmp_path / "chat.toml").write_text(archived)
    assert read_config({"config": str(tmp_path / "chat.toml")}, {}).backup_wal
    for flags in ({}, {"backup": str(tmp_path), "database_url": "postgresql://chat@db.example/chat"}):
        with pytest.raises(ConfigError, match=r"CHAT_BACKUP_WAL: (needs --backup|is for the server's own)"):
            read_config(flags, {"CHAT_BACKUP_WAL": "1"})
    (tmp_path / "chat.toml").write_text(nightly)
    config = read_config({"config": str(tmp_path / "chat.toml")}, {})
    assert (config.backup, config.backup_keep) == (Path("/mnt/backup"), Config(data=tmp_path).backup_keep)
    for wrong in ("7", "7d and 4w", ""):
        with pytest.raises(ConfigError, match="--backup-keep"):
            read_config({"backup_keep": wrong, "data": str(tmp_path)}, {})
