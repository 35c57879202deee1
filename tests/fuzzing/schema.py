"""`make fuzz`, its second half: schemathesis calls everything that /openapi.json describes; no answer may be a 5xx."""

import subprocess
import sys
from pathlib import Path

from tests.support.people import register
from tests.support.server import data_path, running_server

PATIENCE = 1800
"""Seconds for all calls."""


def main() -> int:
    with data_path() as data, running_server(data) as server:
        run = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"),
                "run",
                f"{server.url}/openapi.json",
                "--checks=not_a_server_error",
                f"--header=Authorization: {register(server.url, 'ada')}",
                *(sys.argv[1:] or ["--max-examples=100"]),
            ],
            check=False,
            timeout=PATIENCE,
        )
        assert server.process.poll() is None
        assert "Traceback" not in server.log.read_text()
        return run.returncode


if __name__ == "__main__":
    sys.exit(main())
