"""The client's types of the protocol are the server's."""

from tests.client.client_types import files


def test_the_types_of_the_client_are_made_from_the_servers() -> None:
    for path, text in files().items():
        assert path.read_text() == text, f"{path.name}: run make protocol-types"
