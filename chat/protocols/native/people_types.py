"""The requests and replies about other people."""

from typing import Annotated

from chat.domain.wrong_values import pattern
from chat.operations.values import SOUGHT, Limit, Name, Person, Value

AfterName = Annotated[str, pattern(*SOUGHT, max_length=64, description="The `next` of the page before")]


class WhichPeople(Value, kw_only=True, frozen=True):
    """A page of all people with `q` in their names."""

    q: Annotated[str, pattern(*SOUGHT, max_length=64)] = ""
    after: AfterName = ""
    limit: Limit = 50


class WhichBlocks(Value, kw_only=True, frozen=True):
    """A page of the people whom the caller blocks."""

    after: AfterName = ""
    limit: Limit = 50


class People(Value, kw_only=True, frozen=True):
    """People, by name. If there are more, `next` is the `after` of the next page."""

    people: list[Person]
    next: Name | None = None
