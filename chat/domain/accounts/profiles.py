"""Changes of people's own names and profiles."""

from collections.abc import Callable

import msgspec
from msgspec import structs

from chat.domain.entities import Person
from chat.domain.ports import ProfileChange, Taken, Users
from chat.domain.refusals import DISPLAY_TAKEN, EMAIL_TAKEN, LOOK_TAKEN, NAME_TAKEN, NO_PERSON, Refusal
from chat.domain.text.rules import clean_email, clean_name


class Profiles:
    """Changes names and profiles. `changed` is called with the person's id before others can look up the new values.

    Every async method may raise StorageDown and OutcomeUnknown. Cancelling changes all or nothing.
    """

    def __init__(self, users: Users, changed: Callable[[int], None]) -> None:
        self._users = users
        self._changed = changed

    async def rename(self, person: Person, name: str) -> Person | Refusal:
        """Change a person's name."""
        clean = clean_name(name, own=person.name)
        if isinstance(clean, Refusal):
            return clean
        match await self._users.rename(person.id, clean):
            case Taken("look"):
                return LOOK_TAKEN
            case Taken():
                return NAME_TAKEN
            case None:
                return NO_PERSON
            case renamed:
                # No await between here and the open sockets that hear of it.
                self._changed(renamed.id)
                return renamed

    async def change_profile(self, person: Person, change: ProfileChange) -> Person | Refusal:
        """Apply all of a change to a person's profile, or nothing. The values are as entered."""
        clean = _clean_profile(person, change)
        if isinstance(clean, Refusal):
            return clean
        match await self._users.change_profile(person.id, clean):
            case Taken("look"):
                return LOOK_TAKEN
            case Taken("display"):
                return DISPLAY_TAKEN
            case Taken("email"):
                return EMAIL_TAKEN
            case Taken():
                return NAME_TAKEN
            case None:
                return NO_PERSON
            case changed:
                # No await between here and the open sockets that hear of it.
                self._changed(changed.id)
                return changed


def _clean_profile(person: Person, change: ProfileChange) -> ProfileChange | Refusal:
    name: str | msgspec.UnsetType | Refusal = change.name
    display: str | msgspec.UnsetType | Refusal | None = change.display_name
    email: str | msgspec.UnsetType | Refusal | None = change.email
    if isinstance(name, str):
        name = clean_name(name, own=person.name)
    if isinstance(display, str):
        taken_with_it = name if isinstance(name, str) else person.name
        display = clean_name(display, own=taken_with_it)
        if isinstance(display, Refusal):
            display = structs.replace(display, field="display")
    if isinstance(email, str):
        email = clean_email(email)
    for each in (name, display, email):
        if isinstance(each, Refusal):
            return each
    return structs.replace(change, name=name, display_name=display, email=email)
