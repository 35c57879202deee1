"""`chat user second-factor`: shows or removes a person's second factor. Works with and without a server on the data."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chat.cli.command_failed import CommandFailed
from chat.cli.data_access import with_storage

if TYPE_CHECKING:
    from chat.domain.ports import Storage


def show_or_remove(name: str, flags: Mapping[str, object], *, remove: bool) -> str:
    """Return what the command prints about a person. Raises CommandFailed."""
    from chat.domain.accounts.second_factor import CODES  # late: --help need not wait for the imports
    from chat.domain.features import with_services
    from chat.features.registry import FEATURES

    async def act(storage: "Storage") -> str | CommandFailed:
        known = await storage.users.by_name(name)
        if known is None:
            return CommandFailed(f"nobody is called {name!r}: `chat user list` lists everybody")
        person = known.person
        if not remove:
            return f"{person.name} has {'a' if person.has_second_factor else 'no'} second factor"
        codes = with_services(storage.feature_ports, FEATURES)[CODES]
        if not await codes.remove(person.id, None):
            return CommandFailed(f"{person.name} has no second factor")
        return f"removed the second factor of {person.name}, id {person.id}"

    return with_storage(flags, act)
