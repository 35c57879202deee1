"""The token that a request carries."""

import pytest

from chat.gateway.http1.bearer import bearer_token


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("abc", "abc"),
        ("Basic abc", None),
        ("Bearer abc def", None),
        ("", None),
    ],
)
def test_a_token_is_bare_or_follows_its_scheme(header: str, token: str | None) -> None:
    assert bearer_token(header) == token
