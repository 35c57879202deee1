"""The load generator, compiled C (load/): told what to do, and listened to while it does it."""

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.plans import Plan
from bench.processes import end
from bench.server import BUILD

SOURCES = Path(__file__).parent / "load"
LOAD = BUILD / "load"
PATIENCE = 60.0
"""Seconds for the set-up, and again for the last messages to be heard."""

_FLAGS = ["-O2", "-flto", "-std=gnu11", "-Wall", "-Wextra"]
_LIBRARIES = ["-lssl", "-lcrypto"]


class GeneratorFailed(Exception):
    """The generator could not do its work; that says nothing about the server."""


def compile_generator() -> None:
    """Compile it if its sources are newer. Raises GeneratorFailed."""
    sources = sorted(SOURCES.glob("*.c"))
    newest = max(file.stat().st_mtime for file in SOURCES.iterdir())
    if LOAD.exists() and LOAD.stat().st_mtime > newest:
        return
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise GeneratorFailed(
            "no C compiler is installed (Debian, Ubuntu: apt install gcc libc6-dev libssl-dev)"
        )
    BUILD.mkdir(exist_ok=True)
    done = subprocess.run(
        [compiler, *_FLAGS, "-o", LOAD, *sources, *_LIBRARIES],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise GeneratorFailed(done.stderr)


def calibrate() -> float:
    """Return the microseconds of CPU that one send and one receive over loopback cost here."""
    told = subprocess.run([LOAD, "--calibrate"], capture_output=True, text=True, timeout=60, check=True)
    return float(json.loads(told.stdout)["send_receive_us"])


def run_generator(
    plan: Plan, port: int, flags: Sequence[str], limit: float, on_event: Callable[[str], None]
) -> dict[str, Any]:
    """Run it to its end and return its result; `on_event` is told "connected", "window" and "closed" as they happen.

    After `limit` seconds it is killed. Raises GeneratorFailed.
    """
    with tempfile.TemporaryFile("w+") as lines:
        lines.write("\n".join(plan.lines) + "\n")
        lines.flush()
        lines.seek(0)
        process = subprocess.Popen(
            [LOAD, "--port", str(port), "--patience", str(PATIENCE), *plan.flags, *flags],
            stdin=lines,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
    assert process.stdout is not None
    result: dict[str, Any] = {}
    watchdog = threading.Timer(limit, process.kill)
    watchdog.start()
    try:
        with process.stdout:
            for line in process.stdout:
                message = json.loads(line)
                if message["event"] == "result":
                    result = message
                else:
                    on_event(message["event"])
    finally:
        watchdog.cancel()
        end(process)
    if not result:
        raise GeneratorFailed(f"the load generator ended with {process.returncode} and no result")
    return result
