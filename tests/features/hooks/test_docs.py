"""The commands of docs/hooks.md, and Debian's Alertmanager, against the real process."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.features.hooks.test_payloads import RECORDED, call_of
from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import eventually, register
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.web.ports import free_port

ROOT = Path(__file__).parents[3]
BLOCKS = re.findall(
    r"^```sh\n(.*?)^```$", (ROOT / "docs/hooks.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
)
ALERTMANAGER = shutil.which("prometheus-alertmanager")


@pytest.fixture(scope="module")
def chat() -> Generator[ServerProcess]:
    with used_data_path() as data, running_server(data) as server:
        yield server


def texts(server: ServerProcess, access: str) -> list[str]:
    page = httpx.get(f"{server.url}/api/v1/rooms/1/messages", headers={"Authorization": f"Bearer {access}"})
    return [each["text"] for each in page.json()["messages"] if each.get("kind") != "join"]


def test_the_commands_of_the_page_work_in_their_order(chat: ServerProcess, tmp_path: Path) -> None:
    access = register(chat.url, "ada")
    program = tmp_path / "chat"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m chat "$@" \n')
    program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "CHAT_DATA": str(chat.data),
    }
    printed: list[str] = []
    for block in sorted(
        BLOCKS, key=lambda block: "hook remove" in block
    ):  # those void the address, and come last
        done = subprocess.run(
            ["bash", "-e", "-c", block],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, (block, done.stderr)
        printed.append(done.stdout.strip())
        if done.stdout.startswith("/hooks/") and "HOOK" not in environment:
            environment["HOOK"] = chat.url + done.stdout.strip()
        if done.stdout.startswith("ID "):
            assert done.stdout.splitlines()[1].split()[:2] == ["2", "Backup"]
        if "curl" in block:
            assert done.stdout == "ok", block
    assert len(printed) == 9
    assert "hook 2 is Nightly backup" in printed
    assert printed[-1].endswith("removed hook 2, Nightly backup")
    assert texts(chat, access) == [
        "the backup has ended",
        "‹node_exporter› **disk** is full: [db-1](https://db.example/disks)",
        "**Freezer**\n-4 °C in the shed",
        "the backup has ended",
    ]
    assert httpx.post(environment["HOOK"], content=b"more").text == "no_service"


def test_bodies_of_real_senders_become_messages(chat: ServerProcess) -> None:
    access = register(chat.url, "ben")
    path = command(chat, "hook", "add", "lobby", "Recorded").strip()
    before = len(texts(chat, access))
    for file in RECORDED:
        call = call_of(file)
        headers = {name: value for name, value in call.headers.items() if name != "transfer-encoding"}
        assert httpx.post(chat.url + path, content=call.body, headers=headers).text == "ok", file.stem
    said = texts(chat, access)[before:]
    assert said == [file.with_suffix(".md").read_text("utf-8").rstrip("\n") for file in RECORDED]


@in_campaign
@pytest.mark.skipif(ALERTMANAGER is None, reason="apt-get install prometheus-alertmanager")
def test_alertmanager_of_debian_posts_its_alerts(chat: ServerProcess, tmp_path: Path) -> None:
    assert ALERTMANAGER is not None
    access = register(chat.url, "ben")
    path = command(chat, "hook", "add", "lobby", "Alertmanager").strip()
    config = tmp_path / "alertmanager.yml"
    config.write_text(
        "route: {receiver: chat, group_by: [alertname], group_wait: 0s, group_interval: 1s}\n"
        "receivers:\n"
        f"  - {{name: chat, webhook_configs: [{{url: '{chat.url}{path}'}}],\n"
        f"     slack_configs: [{{api_url: '{chat.url}{path}', channel: '#any', text: 'by slack_configs'}}]}}\n"
    )
    own = f"127.0.0.1:{free_port()}"
    flags = (f"--web.listen-address={own}", f"--storage.path={tmp_path}", "--cluster.listen-address=")
    with subprocess.Popen(
        [ALERTMANAGER, f"--config.file={config}", *flags],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            eventually(lambda: is_ready(own), "it is ready")
            alert = {
                "labels": {"alertname": "HighLatency", "instance": "db-1"},
                "annotations": {"summary": "p99 is 2 s"},
                "generatorURL": "https://prometheus.example/graph",
            }
            httpx.post(f"http://{own}/api/v2/alerts", json=[alert]).raise_for_status()
            eventually(lambda: any("p99 is 2 s" in text for text in texts(chat, access)), "it posts")
            eventually(
                lambda: any("by slack_configs" in text for text in texts(chat, access)), "it posts as Slack"
            )
        finally:
            running.terminate()
    (said,) = [text for text in texts(chat, access) if "p99 is 2 s" in text]
    head, line = said.split("\n")
    assert re.fullmatch(r"🔥 \*\*\[\(FIRING:1\) HighLatency\]\(http://\S+\)\*\*", head)
    assert line == "- 🔥 p99 is 2 s (instance=db-1) [source](https://prometheus.example/graph)"


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/-/ready").is_success
    except httpx.TransportError:
        return False
