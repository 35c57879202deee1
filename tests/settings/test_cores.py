"""Which cores count as usable: those of the affinity, cut by the quota of a container."""

import os
from pathlib import Path

import pytest

from chat.settings import cores
from chat.settings.config import ConfigError
from chat.settings.cores import quota_of, usable_cores
from chat.settings.sources import read_config


@pytest.mark.parametrize(
    ("version_2", "quota", "period", "expected"),
    [
        ("150000 100000\n", None, None, 1.5),
        ("max 100000\n", None, None, None),
        (None, "20000\n", "100000\n", 0.2),
        (None, "-1\n", "100000\n", None),
        (None, None, None, None),
        ("nonsense", None, None, None),
    ],
)
def test_a_quota_is_read_from_both_versions_of_control_groups(
    tmp_path: Path, version_2: str | None, quota: str | None, period: str | None, expected: float | None
) -> None:
    files = tmp_path / "cpu.max", tmp_path / "quota", tmp_path / "period"
    for file, text in zip(files, (version_2, quota, period), strict=True):
        if text is not None:
            file.write_text(text)
    assert quota_of(*files) == expected


def test_auto_is_a_worker_for_each_usable_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(6)), raising=False)
    for quota, expected in ((None, 6), (1.5, 2), (0.2, 1), (99.0, 6)):
        monkeypatch.setattr(cores, "quota_of", lambda *_files, quota=quota: quota)
        assert usable_cores() == read_config({}, {"CHAT_WORKERS": "auto"}).workers == expected
    assert read_config({"workers": "3"}, {}).workers == 3
    with pytest.raises(ConfigError, match="--workers: "):
        read_config({"workers": "many"}, {})
