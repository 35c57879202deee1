"""The files and settings that docs/deploying.md shows, besides reverse proxies, work as they stand."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from chat import __version__
from chat.settings.listen import Listen
from chat.settings.sources import read_config
from chat.shutdown import longest_stop
from tests.support.campaign import in_campaign
from tests.support.faults.machine import execute_sql
from tests.support.people import client, member
from tests.support.server import ServerProcess, data_path, running_server
from tests.system.proxying import PAGE, shown

_SERIES = "import sys; print('%d.%d' % sys.version_info[:2])"
UNIT = PAGE.parents[1] / "deploy" / "trio-chat.service"


def test_its_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!https://)([^)#]+)\)", PAGE.read_text())
    assert targets
    assert [target for target in targets if not (PAGE.parent / target).exists()] == []


@pytest.mark.parametrize("nth", range(3))
def test_its_settings_are_read(nth: int, tmp_path: Path) -> None:
    (tmp_path / "chat.toml").write_text(shown("toml", nth))
    config = read_config({"config": str(tmp_path / "chat.toml")}, {})
    assert (
        config.trusted_proxies == ("127.0.0.1/32", "::1/128"),
        config.listen[-1] == Listen("::", 443),
        bool(config.database_url),
    ) == (nth == 0, nth == 1, nth == 2)


def test_its_unit_is_understood_by_systemd(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed: apt-get install systemd (Debian, Ubuntu)")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/trio-chat/bin/chat", sys.executable))
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@in_campaign
def test_its_debian_package_has_a_server_that_runs_anywhere(tmp_path: Path) -> None:
    if shutil.which("dpkg-deb") is None or not Path("/usr/bin/python3").exists():
        pytest.skip("this is not Debian: dpkg-deb or /usr/bin/python3 is missing")
    series = subprocess.check_output(["/usr/bin/python3", "-c", _SERIES], text=True).strip()
    if series in ("3.9", "3.10"):
        pytest.skip("the system's Python is older than 3.11")
    root = PAGE.parents[1]
    subprocess.run([root / "deploy/debian/build", sys.executable], check=True, timeout=600, cwd=tmp_path)
    (package,) = root.glob(f"build/trio-chat_{__version__}_*.deb")
    about = subprocess.check_output(["dpkg-deb", "--field", package], text=True, timeout=60)
    assert f"Depends: python{series}, " in about
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True, timeout=120)
    assert (tmp_path / "usr/bin/trio-chat").readlink() == Path("/opt/trio-chat/bin/trio-chat")
    assert (tmp_path / "opt/trio-chat/bin/chat").read_text().startswith("#!/opt/trio-chat/bin/python")
    assert read_config({"config": str(tmp_path / "etc/trio-chat/chat.toml")}, {}).listen == (
        Listen("127.0.0.1", 9000),
    )
    command = [tmp_path / "opt/trio-chat/bin/python3", "-P", "-m", "chat", "serve", "--help"]
    shown_help = subprocess.check_output(command, text=True, timeout=60, cwd=tmp_path, env={})
    assert "--listen" in shown_help


def test_its_unit_leaves_the_order_of_the_stop_to_the_server() -> None:
    """systemd-analyze knows the words, and not what the server needs of them."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["KillMode"] == "mixed"
    assert service["ExecReload"] == "/bin/sh -c 'kill -HUP $MAINPID'"
    assert service["Environment"] == "CHAT_DATA=%S/" + service["StateDirectory"]
    config = read_config({}, {})
    longest = longest_stop(config.grace, config.commit_timeout, config.query_timeout)
    assert int(service["TimeoutStopSec"]) > longest
    assert f"{longest:.0f} seconds with the defaults" in PAGE.read_text()


ELSEWHERE = "chat_elsewhere"
"""Role and database: on this PostgreSQL `chat` is another's."""


def test_the_owner_of_a_database_needs_no_more_than_the_page_grants(server: ServerProcess) -> None:
    for statement in re.findall(r"[^;]+;", re.sub(r"\bchat\b", ELSEWHERE, shown("sql"))):
        execute_sql(server.address, statement)
    try:
        socket = quote(server.address["host"], safe="")
        url = f"postgresql://{ELSEWHERE}@/{ELSEWHERE}?host={socket}&port={server.address['port']}"
        with data_path() as data, running_server(data, "--database", url) as another:
            assert [path.name for path in data.glob("postgres*")] == [], "it runs no PostgreSQL of its own"
            with member(another.url, "ada") as ada, client(another.url) as ben:
                ada.say("kept elsewhere")
                assert ben.hear() == ("ada", "kept elsewhere")
    finally:
        execute_sql(server.address, f"DROP DATABASE IF EXISTS {ELSEWHERE} WITH (FORCE)")
        execute_sql(server.address, f"DROP ROLE IF EXISTS {ELSEWHERE}")
