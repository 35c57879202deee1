"""Which names look alike, and which scripts one name may have."""

import unicodedata

import pytest

from chat.domain.refusals import Refusal
from chat.domain.text.rules import RESERVED, clean_name, clean_room_name
from chat.domain.text.skeletons import LONGEST_SKELETON, _skeleton, mixes_scripts, name_skeletons


def look_alike(one: str, other: str) -> bool:
    return not set(name_skeletons(one)).isdisjoint(name_skeletons(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada", "\u0430d\u0430"),
        ("ada", "ａｄａ"),
        ("Ada", "\u0251da"),
        ("server", "\u0455erver"),
        ("coco", "\u0441\u043e\u0441\u043e"),
        ("Max", "\u041c\u0430\u0445"),
        ("max", "\u041c\u0410\u0425"),
        ("Tom", "\u0422\u041e\u041c"),
        ("Alice", "AIice"),
        ("alice", "AIice"),
        ("Tom", "\u0422\u043e\u043c"),
        ("Ian", "lan"),
        ("user1", "userl"),
        ("user1", "USERI"),
        ("bob0", "bobO"),
        ("admin", "adrnin"),
        ("e\u0301va", "\u00c9VA"),
        ("l1", "l\u0661"),
        ("\u05d5\u05d5", "\u05f0"),
    ],
)
def test_these_look_alike(one: str, other: str) -> None:
    assert look_alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada", "ben"),
        ("eva", "éva"),
        ("Олег", "Ольга"),
        ("user1", "user2"),
        ("p1", "p11"),
        ("person 10", "person 100"),
        ("иван", "ivan"),
        ("山田", "田山"),
    ],
)
def test_these_do_not_look_alike(one: str, other: str) -> None:
    assert not look_alike(one, other)


def test_numbers_after_a_name_never_look_alike() -> None:
    seen: set[str] = set()
    for number in range(2000):
        looks = name_skeletons(f"user{number}")
        assert seen.isdisjoint(looks), number
        seen.update(looks)


@pytest.mark.parametrize(
    "char", ["a", "A", "1", "m", "\u0430", "\u05f0", "\u0627", "李", "é", "\u1f82", "\ufdfa"]
)
def test_a_skeleton_is_its_own_skeleton(char: str) -> None:
    for skeleton in name_skeletons(char):
        assert _skeleton(skeleton) == skeleton
        assert unicodedata.is_normalized("NFD", skeleton)


def test_a_skeleton_is_no_longer_than_an_index_takes() -> None:
    longest = name_skeletons("\ufdfa" * 64)
    assert {len(skeleton) for skeleton in longest} == {LONGEST_SKELETON}


@pytest.mark.parametrize(
    "name",
    [
        "Ada 2.1_x-y",
        "Ада",
        "Жук 2.1",
        "e\u0301",
        "ａｄａ",
        "山田taro",
        "ヤマダー太郎",
        "김a李",
        "李ㄅa",
        "नमस्ते",
        "ελ",
    ],
)
def test_scripts_that_belong_together_are_taken(name: str) -> None:
    assert not mixes_scripts(name)
    assert clean_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name", ["\u0430da", "p\u0430ypal", "Жук ada", "김ひ", "aλ", "अa", "ひㄅ", "\u0531d"]
)
def test_scripts_that_do_not_belong_together_are_refused(name: str) -> None:
    refusal = clean_name(name)
    assert isinstance(refusal, Refusal)
    assert "one script" in refusal.text
    assert clean_room_name(name) == name, "nobody speaks as a room"


@pytest.mark.parametrize(
    "name", ["\u0455erver", "ｓｅｒｖｅｒ", "\u0455\u0435\u0433\u0475\u0435\u0433", "SERVER"]
)
def test_nothing_looks_like_the_servers_own_name(name: str) -> None:
    assert "server" in RESERVED
    refusal = clean_name(name)
    assert isinstance(refusal, Refusal)
    assert "reserved" in refusal.text
