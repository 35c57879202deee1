"""The most recently used entries are kept, up to the limit."""

from chat.domain.lru_cache import LRUCache


def test_the_least_recently_used_entry_is_evicted_first() -> None:
    recent = LRUCache[str, int](3)
    for number, name in enumerate(("ada", "ben", "cem")):
        recent[name] = number
    assert recent.get("ada") == 0
    recent["ben"] = 7
    recent["dan"] = 3
    assert len(recent) == 3
    assert [recent.get(name) for name in ("ada", "ben", "cem", "dan")] == [0, 7, None, 3]


def test_a_removed_entry_makes_room() -> None:
    recent = LRUCache[str, int](2)
    recent["ada"], recent["ben"] = 1, 2
    assert list(recent) == ["ada", "ben"]
    del recent["ada"]
    recent["cem"] = 3
    assert list(recent) == ["ben", "cem"]
    assert recent.get("ada") is None


def test_to_ask_whether_something_is_kept_does_not_keep_it() -> None:
    recent = LRUCache[str, None](2)
    recent["ada"] = recent["ben"] = None
    assert "ada" in recent
    recent["cem"] = None
    assert "ada" not in recent
    assert "ben" in recent
