"""Every operation, by everybody, in every room, over every way: the server's answers are those of the rules.

Each act in each place is asked by one who may and by one who may not, over one way; all cells, of one server and of
two, with `make authorisation`.
"""

import os
from collections.abc import Generator, Iterable

import pytest

from chat.protocols.native.wire.all_frames import REQUESTS
from tests.authorisation.acts import ACTS, NATIVE_ACTS, WITHOUT_ROOM
from tests.authorisation.cells import BY_NAME, Cell, cells, in_every_run, in_rooms, unused_lines
from tests.authorisation.document import TARGET, document
from tests.authorisation.rules import CALLERS, PLACES, SERVER_ACTS, server_answer
from tests.authorisation.site import Site, open_site, open_two
from tests.support.people import PASSWORD
from tests.support.server import ServerProcess

IS_WHOLE = os.environ.get("AUTHORISATION") == "whole"


@pytest.fixture(scope="module")
def asked() -> Generator[Site]:
    """A site of one's own: what is asked changes who is in which room."""
    with open_site() as site:
        yield site


def differences(site: Site, chosen: Iterable[Cell]) -> list[str]:
    """What is answered otherwise than the rules say."""
    answers = ((cell, site.ask(cell)) for cell in chosen)
    return [f"{cell}: {answer}, not {cell.expected}" for cell, answer in answers if answer != cell.expected]


def test_every_operation_in_a_room_and_every_request_of_the_socket_has_a_rule() -> None:
    asked = {act.operation for act in NATIVE_ACTS}
    assert in_rooms() <= asked
    assert {*BY_NAME} <= asked | {act.operation for act in SERVER_ACTS}
    frames = {str(each.__struct_config__.tag) for each in REQUESTS}
    in_a_room = {act.frame for act in ACTS if act.frame is not None}
    assert frames == in_a_room | {*WITHOUT_ROOM}
    assert asked <= {*BY_NAME, *in_a_room}


def test_every_row_of_the_rules_decides_a_cell() -> None:
    assert unused_lines() == []


def test_the_page_agrees_with_the_rules() -> None:
    assert TARGET.read_text() == document(), "make authorisation-page"


def test_no_two_acts_have_the_same_words() -> None:
    assert len({act.words for act in ACTS}) == len(ACTS)


@pytest.mark.parametrize("place", PLACES)
def test_each_cell_is_answered_by_the_rules(asked: Site, place: str) -> None:
    chosen = (cell for cell in cells() if cell.place == place and (IS_WHOLE or in_every_run(cell)))
    wrong = differences(asked, chosen)
    assert not wrong, "\n" + "\n".join(wrong)


def test_requests_without_a_room_are_answered_by_the_rules(asked: Site) -> None:
    people, tokens = asked.house.people, dict[str, str | None]()
    for caller in CALLERS:
        who = {"person": "outsider", "program": "outsider", "admin's program": "admin"}.get(caller, caller)
        tokens[caller] = asked.house.token(who)
        if "program" in caller:
            wanted = {"name": "a program", "password": PASSWORD, "days": 1}
            tokens[caller] = asked.api.call(people[who].token, "POST", "/me/sessions", wanted)["token"]
    wrong = []
    for act in SERVER_ACTS:
        for caller in CALLERS:
            expected = server_answer(act, caller)
            fields = {
                name: value.replace("{caller}", caller) if isinstance(value, str) else value
                for name, value in act.fields.items()
            }
            answer = asked.api.ask(tokens[caller], BY_NAME[act.operation], fields)
            if answer != expected:
                wrong.append(f"{caller}: {act.operation}: {answer}, not {expected}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.fixture(scope="module")
def two(server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    with open_two(server, tmp_path_factory.mktemp("two")) as site:
        yield site


@pytest.mark.skipif(not IS_WHOLE, reason="make authorisation asks all cells of two servers too")
@pytest.mark.parametrize("place", PLACES)
def test_another_server_applies_the_rules_to_rooms_of_the_first(two: Site, place: str) -> None:
    wrong = differences(two, (cell for cell in cells() if cell.place == place))
    assert not wrong, "\n" + "\n".join(wrong)
