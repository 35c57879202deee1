"""Writes of other processes to the database are published late, or clients learn that they missed something."""

from collections.abc import Generator

import pytest

from tests.support.people import client, register
from tests.support.saved import write_beside
from tests.support.server import ServerProcess, running_server, used_data_path


@pytest.fixture(scope="module")
def alone() -> Generator[ServerProcess]:
    """A server of the test's own, because its clients are cut."""
    with used_data_path() as data, running_server(data) as server:
        yield server


def test_changes_by_another_process_are_published_in_log_order(alone: ServerProcess) -> None:
    token = register(alone.url, "ada")
    with client(alone.url) as ben, client(alone.url, f"/talker?token={token}", name="ada") as ada:
        assert ada.is_told() == "authorised as ada"
        write_beside(alone.address, 3)
        ada.say("behind it")
        assert [line.text for line in ben.hear_all(4)] == ["beside 1", "beside 2", "beside 3", "behind it"]
        assert [line.text for line in ada.hear_all(3)] == ["beside 1", "beside 2", "beside 3"]


def test_a_client_that_missed_too_much_is_referred_to_history(alone: ServerProcess) -> None:
    token = register(alone.url, "cem")
    with client(alone.url) as ben, client(alone.url, f"/talker?token={token}", name="cem") as cem:
        assert cem.is_told() == "authorised as cem"
        write_beside(alone.address, 10_001)
        cem.say("behind it")
        for each in (ben, cem):
            assert each.hear_to_the_end() == []
            assert each.closed_with == 1013
    with client(alone.url) as ben, client(alone.url, f"/talker?token={token}", name="cem") as cem:
        assert cem.is_told() == "authorised as cem"
        cem.say("history 2")
        assert [line.text for line in cem.hear_all(2)] == ["beside 10001", "behind it"]
        cem.say("and so on")
        assert ben.hear().text == "and so on"
