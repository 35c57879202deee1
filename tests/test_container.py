"""The commands of the Containerfile, as far as they can be tried without a container."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from tests.support.server import running_server

ROOT = Path(__file__).parents[1]
PATIENCE = 60
"""Seconds for a command on a busy machine."""


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    words = {"chat": [sys.executable, "-m", "chat"], "python": [sys.executable]}
    return subprocess.run(
        [*words[command[0]], *command[1:]],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("file", ["Containerfile", "compose.yaml", "docs/deploying.md"])
def test_no_example_publishes_the_port_without_tls_to_the_network(file: str) -> None:
    published = re.findall(r'(?:-p |- ")(\S*9000:9000)', (ROOT / file).read_text())
    assert published
    assert set(published) == {"127.0.0.1:9000:9000"}


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_the_health_check_asks_the_server_whatever_it_listens_on(
    data: Path, tls: bool, tmp_path: Path
) -> None:
    containerfile = (ROOT / "Containerfile").read_text()
    found = re.search(r"^HEALTHCHECK (?:.*\\\n)*\s*CMD (\[.*\])$", containerfile, re.MULTILINE)
    assert found
    check = json.loads(found[1])
    settings = {"CHAT_DATA": str(data)}
    if tls:
        certificate = trustme.CA().issue_cert("localhost", "127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
        settings |= dict.fromkeys(("CHAT_TLS_CERT", "CHAT_TLS_KEY"), str(tmp_path / "both.pem"))
    assert run(*check, **settings).returncode == 1
    with running_server(data, **settings) as server:
        assert server.url.startswith("https" if tls else "http:")
        done = run(*check, **settings)
        assert (done.returncode, done.stderr) == (0, "")
        if not tls:
            asked = run("chat", "health", "--url", server.url, no_proxy="*")
            assert (asked.returncode, asked.stdout) == (0, "ok\n")
    done = run(*check, **settings)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
