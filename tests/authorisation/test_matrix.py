"""Every operation, by everybody, in every room, over every way: the server's answers are those of the rules.

A third of the cells is asked in every run, and all of them of one server and of two with `make authorisation`.
"""

import os
from collections.abc import Generator, Iterable
from pathlib import Path

import pytest

from chat.protocols.native.all_frames import REQUESTS
from tests.authorisation.cells import BY_NAME, Cell, cells, in_every_run, in_rooms, unused_lines
from tests.authorisation.document import TARGET, document
from tests.authorisation.rules import ACTS, WITHOUT_ROOM
from tests.authorisation.site import Site, open_site, open_two
from tests.support.server import ServerProcess

IS_WHOLE = os.environ.get("AUTHORISATION") == "whole"


@pytest.fixture(scope="module")
def site() -> Generator[Site]:
    with open_site() as site:
        yield site


def differences(site: Site, asked: Iterable[Cell]) -> list[str]:
    """What is answered otherwise than the rules say."""
    answers = ((cell, site.ask(cell)) for cell in asked)
    return [f"{cell}: {answer}, not {cell.expected}" for cell, answer in answers if answer != cell.expected]


def test_every_operation_in_a_room_and_every_request_of_the_socket_has_a_rule() -> None:
    asked = {act.operation for act in ACTS}
    assert in_rooms() <= asked
    frames = {str(each.__struct_config__.tag) for each in REQUESTS}
    in_a_room = {act.frame for act in ACTS if act.frame is not None}
    assert frames == in_a_room | {*WITHOUT_ROOM}
    assert asked <= {*BY_NAME, *in_a_room}


def test_every_line_of_the_rules_decides_a_cell() -> None:
    assert unused_lines() == []


def test_the_page_says_what_the_rules_say() -> None:
    assert TARGET.read_text() == document(), "make authorisation-page"


def test_no_two_acts_have_the_same_words() -> None:
    assert len({act.words for act in ACTS}) == len(ACTS)


def test_each_cell_is_answered_as_the_rules_say(site: Site) -> None:
    wrong = differences(site, (cell for cell in cells() if IS_WHOLE or in_every_run(cell)))
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.skipif(not IS_WHOLE, reason="make authorisation asks all cells of two servers too")
def test_what_one_server_makes_is_answered_by_another_as_the_rules_say(
    server: ServerProcess, tmp_path: Path
) -> None:
    with open_two(server, tmp_path) as two:
        wrong = differences(two, cells())
    assert not wrong, "\n" + "\n".join(wrong)
