"""A pytest plugin: how the tests are shared out when several processes run them, as `pytest -n 2` does.

A file goes to one worker, with the servers, databases and browsers that its fixtures start. What takes longest begins
first, so that no worker is left alone with it.
"""

from zlib import crc32

import pytest
from xdist.scheduler import LoadScopeScheduling

APART = ("tests/simulation/test_simulation.py", "tests/cancellation/test_zz_reach.py")
"""Files whose tests share nothing, and take long or come at different times."""

WITH_ORDINARY_BROWSER = (
    "tests/web/test_long_room.py",
    "tests/web/test_notifications.py",
    "tests/web/test_push.py",
    "tests/web/test_widget.py",
)
"""Files that one worker runs, because they start a second browser."""

BROWSERS = 2
"""How many workers run the other files of `tests/web/`: each has to start a browser, and to load the page in it."""

TOGETHER = ("tests/authorisation/",)
"""Folders that one worker runs, because to make their common world takes longer than most of their tests."""

FIRST = (
    "tests/cancellation/test_postgres.py",
    "tests/cancellation/test_sessions.py",
    "tests/cancellation/",
    *WITH_ORDINARY_BROWSER,
    "tests/web/",
    "tests/simulation/",
    "tests/test_cli.py",
    "tests/system/",
)
"""The slowest files, slowest first."""


class FileScheduling(LoadScopeScheduling):
    """Gives each worker one file after another, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in WITH_ORDINARY_BROWSER:
            return WITH_ORDINARY_BROWSER[0]
        if file.startswith("tests/web/"):
            return f"tests/web/ {crc32(file.encode()) % BROWSERS}"
        for folder in TOGETHER:
            if file.startswith(folder):
                return folder
        return nodeid if file in APART else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    config.option.loadscopereorder = False  # by the number of tests, which says little of their time
    return FileScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(
            key=lambda item: next(
                (n for n, path in enumerate(FIRST) if item.nodeid.startswith(path)), len(FIRST)
            )
        )
