"""Keys in any case."""

import msgspec
import pytest

from chat.caseless import caseless, decode_caseless


class Seat(msgspec.Struct, rename="pascal"):
    """Where somebody sits."""

    row_number: int
    name: str = ""


@pytest.mark.parametrize(
    "raw",
    [
        '{"RowNumber": 3, "Name": "ada"}',
        b'{"rownumber": 3, "NAME": "ada"}',
        '{"ROWNUMBER": 2, "rowNumber": 3, "name": "ada", "more": [1]}',  # the last spelling counts
    ],
)
def test_a_key_counts_in_any_case(raw: bytes | str) -> None:
    for _ in range(2):  # the spelling of a shape is remembered
        assert decode_caseless(raw, Seat) == Seat(3, "ada")


def test_numbers_may_come_as_text_from_a_query_only() -> None:
    assert caseless({"rowNUMBER": "3"}, Seat, strict=False) == Seat(3)
    with pytest.raises(msgspec.ValidationError):
        caseless({"rowNUMBER": "3"}, Seat)
    with pytest.raises(msgspec.ValidationError, match="RowNumber"):
        caseless({"row_number": 3}, Seat)
