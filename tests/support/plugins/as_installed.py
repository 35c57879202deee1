"""A pytest plugin: a server started by a test finds only what `pip install` brings."""

import os
from pathlib import Path

DIRECTORY = Path(__file__).parents[1] / "as_installed"


def pytest_configure() -> None:
    """Let Python read sitecustomize.py in each process that the tests start; it looks which it is."""
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if str(DIRECTORY) not in known:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(DIRECTORY), *known)))
