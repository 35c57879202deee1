"""Which names can follow an `@`, and which members are mentioned."""

import pytest

from chat.domain.entities import Draft, MessageKind
from chat.domain.messages.mentions import ALL, MOST_MENTIONS, mentioned, possible_names, refers

PEOPLE = {"ada": 1, "ben": 2, "ben smith": 3, "zoë": 4, "a.b-c_d": 5, "all": 6, "all saints": 7, "นารี": 8}


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        ("@ada", (1,)),
        ("hi @Ada, and (@BEN)", (1, 2)),
        ("@ben smith's", (3,)),
        ("@ben  smith", (2,)),
        ("@ben_smith @adam @ada2 @adaé", ()),
        ("@ada @ada", (1,)),
        ("x@ada 9@ada é@ada", ()),
        ("_@ada_", ()),
        ("@@ada", (1,)),
        ("@zoe\u0308!", (4,)),
        ("@a.b-c_d.", (5,)),
        ("@ ada", ()),
        ("@นารี", (8,)),
        ("@all", (ALL,)),
        ("@All saints", (7,)),
        ("@all-hands", (ALL,)),
        ("@", ()),
        ("nobody", ()),
    ],
)
def test_the_longest_name_is_meant(text: str, whom: tuple[int, ...]) -> None:
    assert mentioned(possible_names(text), PEOPLE, may_mention_all=True) == whom


def test_without_the_right_a_mention_of_all_means_a_person_of_that_name() -> None:
    assert mentioned(possible_names("@all"), PEOPLE, may_mention_all=False) == (6,)
    assert mentioned(possible_names("@all"), {}, may_mention_all=False) == ()


def test_name_look_ups_for_one_text_are_bounded() -> None:
    many = {f"p{n}": n for n in range(1, 200)}
    text = " ".join(f"@p{n}," for n in range(1, 200))
    assert mentioned(possible_names(text), many, may_mention_all=False) == tuple(range(1, MOST_MENTIONS + 1))
    for text in ("@a a " * 800, "@" + "a " * 2000, "@" * 4000, "@" + "a\u0301 " * 1300, "@" + "x" * 4000):
        assert sum(map(len, possible_names(text))) <= 256


def test_only_possible_references_are_looked_up() -> None:
    def draft(text: str, kind: MessageKind = MessageKind.TEXT, reply: int | None = None) -> Draft:
        return Draft(1, 1, "ada", text, 0.0, kind, reply=reply)

    assert refers(draft("@"))
    assert refers(draft("hello", reply=1))
    assert not refers(draft("hello"))
    assert not refers(draft("@ada", MessageKind.JOIN))
