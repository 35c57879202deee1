"""A certified identity provider in a process of its own, if it is installed."""

import json
import os
import shutil
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

HERE = Path(__file__).parent
INSTALLED = HERE.parents[2] / "build" / "identity-provider"
SECRET = "a secret of the tests, & with signs: %"


class RealProvider(NamedTuple):
    """A running provider."""

    issuer: str
    settings: Mapping[str, str]
    """Variables for a server, which reads the secret from a file."""


@contextmanager
def running_provider(
    port: int, chat: str, directory: Path, accounts: Mapping[str, Any], trusted: Path | None = None
) -> Generator[RealProvider]:
    """Run the provider for the chat at this address; `trusted` is the certificate of who signed the chat's."""
    node = shutil.which("node")
    if node is None or not (INSTALLED / "node_modules/oidc-provider").is_dir():
        pytest.skip("no identity provider: make identity-provider (needs nodejs and npm)")
    about = {"port": port, "modules": str(INSTALLED), "chat": chat, "secret": SECRET, "accounts": accounts}
    environment = {**os.environ, **({} if trusted is None else {"NODE_EXTRA_CA_CERTS": str(trusted)})}
    log = (directory / "provider.log").open("wb")
    process = subprocess.Popen(
        [node, str(HERE / "provider.mjs"), json.dumps(about)],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n", (directory / "provider.log").read_text()
        secret = directory / "secret"
        secret.write_text(SECRET + "\n")
        issuer = f"http://127.0.0.1:{port}"
        settings = {
            "CHAT_OIDC_ISSUER": issuer,
            "CHAT_OIDC_CLIENT_ID": "chat",
            "CHAT_OIDC_CLIENT_SECRET_FILE": str(secret),
            "CHAT_OIDC_NAME": "Team ID",
            "CHAT_OIDC_GROUPS": "admins=admin",
            "CHAT_PUBLIC_URL": chat,
        }
        yield RealProvider(issuer, settings)
    finally:
        process.kill()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()
        log.close()
