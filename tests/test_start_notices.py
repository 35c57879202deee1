"""The notices that a server logs at its start."""

import pytest
from structlog.testing import capture_logs

from chat.start_notices import openable, tell_set_up_code


@pytest.mark.parametrize(
    ("address", "opened"),
    [
        ("http://0.0.0.0:9000", "http://127.0.0.1:9000"),
        ("https://[::]:9000", "https://[::1]:9000"),
        ("http://10.0.0.0:9000", "http://10.0.0.0:9000"),
        ("https://chat.example", "https://chat.example"),
    ],
)
def test_an_address_of_all_interfaces_is_logged_as_one_to_open(address: str, opened: str) -> None:
    assert openable(address) == opened


async def test_the_start_logs_where_to_make_the_first_admin() -> None:
    async def code() -> str:
        return "ABCD-EFGH"

    with capture_logs() as logs:
        await tell_set_up_code(code, "http://0.0.0.0:9000")
    assert [line["open"] for line in logs] == ["http://127.0.0.1:9000/setup#ABCD-EFGH"]
