"""Importing the client loads nothing of the server and none of its dependencies."""

import subprocess
import sys

PROGRAM = """
import sys
import chat.client
print("\\n".join(sys.modules))
"""


def test_importing_the_client_loads_nothing_of_the_server() -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    ours = {name for name in loaded if name.split(".")[0] == "chat"}
    assert "chat.client.chat" in ours
    assert {name for name in ours if not name.startswith("chat.client.")} == {
        "chat",
        "chat.client",
        "chat.signals",  # shared: it is of neither
    }
    servers = {
        "asyncpg",
        "trio_asyncio",
        "asyncio",
        "hypercorn",
        "quart",
        "quart_trio",
        "werkzeug",
        "jwt",
        "bcrypt",
    }
    servers |= {"click", "structlog", "prometheus_client", "platformdirs", "confusable_homoglyphs"}
    assert not loaded & servers
