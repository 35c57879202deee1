"""The garbage collector waits while a server is imported, and passes over it from then on."""

import gc
import json
import subprocess
import sys

import pytest

from chat.cli.import_without_gc import import_without_gc

SERVER_IS_IMPORTED = """
import gc, json
from pathlib import Path
from chat.cli.serve import _open
from chat.settings.config import Config
from chat.settings.listen import Listen
before = sum(each["collections"] for each in gc.get_stats())
_open(Config(listen=(Listen("127.0.0.1", 0),), data=Path("unused")))
after = sum(each["collections"] for each in gc.get_stats())
print(json.dumps([before, after, gc.isenabled(), gc.get_freeze_count()]))
"""


def test_imports_collect_no_garbage_and_later_collections_skip_their_objects() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVER_IS_IMPORTED], capture_output=True, text=True, timeout=60, check=True
    )
    before, after, collects, frozen = json.loads(done.stdout)
    assert after <= before + 1  # the one that was due when it was over
    assert collects
    assert frozen > 50_000


@pytest.fixture
def freezes(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the collector was on, each time that something was frozen: this process stays as it is."""
    collects: list[bool] = []
    monkeypatch.setattr(gc, "freeze", lambda: collects.append(gc.isenabled()))
    return collects


def test_the_collector_goes_on_after_an_import_that_fails(freezes: list[bool]) -> None:
    with pytest.raises(ZeroDivisionError), import_without_gc():
        _ = 1 / gc.isenabled()
    assert gc.isenabled()
    assert freezes == [False]


def test_a_collector_that_was_off_stays_off(freezes: list[bool]) -> None:
    gc.disable()
    try:
        with import_without_gc():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
