"""The packed libraries are those of chat/web/vendor/README.md, and the emoji are small enough to fetch."""

import gzip
import json

import pytest

from chat.domain.messages.emoji import EMOJI_LENGTH
from tests.web.vendor import FROM, ROOT, VENDOR, copied, digest

LONGEST = 30_000
"""Compressed bytes that are fetched for the emoji picker."""


@pytest.mark.parametrize("name", sorted([*FROM, *copied()]))
def test_a_file_is_the_one_that_is_described(name: str) -> None:
    (row,) = [line for line in (VENDOR / "README.md").read_text().splitlines() if f"`{name}`" in line]
    assert digest(name) in row, "run: make vendor"
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    for package in FROM.get(name) or copied()[name][:1]:
        assert f"[{package}](" in row
        assert f" {wanted[package]} (" in row, "run: make vendor"


def test_nothing_else_is_packed() -> None:
    assert {path.name for path in VENDOR.glob("*.js*")} == set(FROM)


def test_the_emoji_are_few_enough_to_fetch_and_good_to_react_with() -> None:
    raw = (VENDOR / "emoji.json").read_bytes()
    assert len(gzip.compress(raw, 9)) <= LONGEST
    groups = json.loads(raw)
    every = [each["emoji"] for group in groups for each in group["emoji"]]
    assert len(every) > 1500
    assert len(every) == len(set(every))
    assert all(len(emoji) <= EMOJI_LENGTH for emoji in every)
    names = {name for group in groups for each in group["emoji"] for name in each["names"]}
    assert {"red heart", "thumbs up", "party popper"} <= names


@pytest.mark.parametrize(
    ("language", "rocket"),
    [
        ("de", "Rakete"),
        ("es", "cohete"),
        ("fr", "fusée"),
        ("pt", "foguete"),
        ("ru", "ракета"),
        ("zh", "火箭"),
    ],
)
def test_another_languages_names_are_of_the_same_emoji(language: str, rocket: str) -> None:
    raw = (VENDOR / f"emoji.{language}.json").read_bytes()
    assert len(gzip.compress(raw, 9)) <= 2 * LONGEST  # two bytes a letter
    groups, names = json.loads((VENDOR / "emoji.json").read_bytes()), json.loads(raw)
    every = {each["emoji"] for group in groups for each in group["emoji"]}
    assert names.keys() <= every
    assert len(names) > 0.95 * len(every)
    assert names["🚀"][0] == rocket
