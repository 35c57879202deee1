"""The page's types of the protocol are the server's."""

from tests.web.protocol_types import TARGET, protocol_types


def test_they_are_the_servers() -> None:
    assert TARGET.read_text() == protocol_types(), "run: make protocol-types"
