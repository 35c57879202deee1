"""The requests and replies about other people."""

from typing import Annotated

from chat.domain.text.wrong_values import pattern
from chat.operations.values import SOUGHT, AfterName, Limit, Value


class WhichPeople(Value, kw_only=True, frozen=True):
    """A page of all people with `q` in their names."""

    q: Annotated[str, pattern(*SOUGHT, max_length=64)] = ""
    after: AfterName = ""
    limit: Limit = 50
