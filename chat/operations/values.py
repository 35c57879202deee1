"""The values that operations of all subjects share: ids, times, names and people.

Fields that have their default value are left out, in both directions; unknown fields are ignored. Times are in Unix
milliseconds.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chat.domain.text.wrong_values import pattern

Id = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Time = Annotated[int, Meta(ge=0, le=2**53 - 1, description="Unix milliseconds")]
SOUGHT = r"^[^\x00]*$", "text without NUL"
"""The pattern of search texts, with its description: PostgreSQL rejects NUL."""

PLACE = "the `next` of the page before"
"""The description of a paging cursor."""

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Email = Annotated[str, Meta(max_length=254)]
Password = Annotated[str, Meta(min_length=1, max_length=72, description="At most 72 bytes")]
AfterName = Annotated[str, pattern(*SOUGHT, max_length=64, description="The `next` of the page before")]
Limit = Annotated[int, Meta(ge=1, le=100)]
WebPage = Annotated[str, Meta(max_length=2048, description="http: or https:, without query and fragment")]

Picture = Annotated[
    str,
    Meta(
        min_length=64, max_length=64, description="Its SHA-256 in hex: it is at `/api/v1/pictures/{picture}`"
    ),
]

StatusEmoji = Annotated[
    str, Meta(max_length=8, description="One emoji; without it clients show their own beside the text")
]

ServerRole = Literal["guest", "operator", "moderator", "admin"]


class Value(Struct, kw_only=True, omit_defaults=True, frozen=True):
    """The base of all values: fields that have their default value are left out."""


class PersonStatus(Value, kw_only=True, frozen=True):
    """What a person says of themselves: an emoji, a text of at most 100 characters, or both, and when it ends."""

    emoji: StatusEmoji | None = None
    text: Annotated[str, Meta(max_length=100)] = ""
    until: Time | None = None


class Person(Value, kw_only=True, frozen=True):
    """A person. `changed` is when name, display name, picture, status or roles last changed."""

    id: Id
    name: Name
    display: Name | None = None
    picture: Picture | None = None
    status: PersonStatus | None = None
    roles: list[ServerRole] = []
    changed: Time


class Me(Person, kw_only=True, frozen=True):
    """The caller, with the fields that only they see."""

    email: Email | None = None
    share_reads: bool = True


class People(Value, kw_only=True, frozen=True):
    """People, by name. If there are more, `next` is the `after` of the next page."""

    people: list[Person]
    next: Name | None = None


class WhichPerson(Value, kw_only=True, frozen=True):
    """A person."""

    person: Id
