"""Sweep libraries that others have written, and say what broke: `python sweep/examples/run.py [NAME…]`.

Each library gets a virtual environment of its own in build/elsewhere (a minute for each, once). Redis is needed for
two of them, and started if `redis-server` is there.
"""

import argparse
import importlib
import shutil
import subprocess
import sys
import time
import venv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE.parents[1] / "build" / "elsewhere"
REDIS_PORT = 7399

NEEDS = {
    "httpcore_trio": ["httpcore[trio,http2]==1.0.9", "hypercorn[trio]==0.18.0", "trustme>=1.1,<2"],
    "anyio_on_trio": ["anyio==4.16.0"],
    "tricycle_rwlock": ["tricycle==0.4.1"],
    "sqlite_anyio_transactions": ["sqlite-anyio==0.3.2"],
    "trio_websocket_messages": ["trio-websocket==0.12.2"],
    "trio_util_values": ["trio-util==0.8.0"],
    "trio_asyncio_bridge": ["trio-asyncio==0.16.0"],
    "trio_parallel_workers": ["trio-parallel==1.3.0"],
    "redio_client": ["redio==1.0.0", "setuptools<80"],
    "coredis_client": ["coredis==6.9.0"],
}
"""What is installed for each module of scenarios."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Sweep libraries that others have written.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NEEDS)}; all by default")
    parser.add_argument("--here", action="store_true", help="with what is installed for this Python")
    parser.add_argument("--cancel-at", metavar="POINT", help="make only the run that a failure names")
    options = parser.parse_args()
    for name in options.names or NEEDS:
        if options.here:
            with _redis() if "redis" in name or "redio" in name else _nothing():
                _sweep(name, options.cancel_at)
            continue
        command = [_python_for(name), __file__, "--here", name]
        command += ["--cancel-at", options.cancel_at] if options.cancel_at else []
        subprocess.run(command, check=True)


def _python_for(name: str) -> Path:
    directory = ENVIRONMENTS / name
    python = directory / "bin" / "python"
    if not (directory / "made").exists():
        venv.create(directory, with_pip=True, clear=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, *NEEDS[name], "trio>=0.35,<0.36", "-e", HERE.parent], check=True)
        (directory / "made").touch()
    return python


def _sweep(name: str, only: str | None) -> None:
    from trio_cancel_sweep import sweep

    module = importlib.import_module(name)
    for what, (codes, setup, check, options) in module.SWEEPS.items():
        report = sweep(
            *codes, swept=module.SWEPT, setup=setup, check=check, name=f"{name}, {what}", **options, only=only
        )
        print(report)
        kinds = Counter((each.kind, each.what.partition(" (")[0][:90]) for each in report.failures)
        for (kind, text), times in kinds.most_common(6):
            first = next(each for each in report.failures if each.kind == kind and each.what.startswith(text))
            print(f"    {times} times {kind}: {text}\n        first at --cancel-at={first.point}", flush=True)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _redis() -> Iterator[None]:
    program = shutil.which("redis-server")
    if program is None:
        sys.exit("redis-server is needed for this one")
    server = subprocess.Popen(
        [program, "--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    time.sleep(0.5)  # it says nothing when it is ready
    try:
        yield
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
