"""Tables of the commands: columns are aligned whatever letters a name has."""

import pytest
from wcwidth import wcswidth

from chat.cli.data_access import as_table
from chat.cli.table import table

NAMES = [
    "ada",
    "李小龍",
    "ｗｉｄｅ",
    "zoe\u0308",
    "🦊 fox",
    "👩\u200d🚀",
    "👍🏽",
    "❤\ufe0f",
    "🇩🇪",
    "\u1112\u1161\u11ab",
    "भाषा",
    "Ωmega",
]


@pytest.mark.parametrize("name", NAMES)
def test_columns_after_names_are_aligned(name: str) -> None:
    head, wide, plain = table([("NAME", "ROLES"), (name, "admin"), ("somebody else", "-")])
    assert wide.endswith("admin")
    begins = wcswidth(wide.removesuffix("admin"))
    assert begins == head.index("ROLES") == plain.index("-")


def test_columns_are_aligned_beside_wide_names() -> None:
    head, wide, plain = as_table(
        ("NAME", "ROLES"), [("李小龍", "admin"), ("ada", "-")], "nobody"
    ).splitlines()
    assert (head, wide, plain) == ("NAME    ROLES", "李小龍  admin", "ada     -")
