"""Changes of an account by a command, one at a time, on any storage."""

from typing import Any

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import Person


async def set_roles(users: Any, person_id: int, *, operator: bool, admin: bool) -> Person | None:
    """Give a person these roles."""
    return await _administer(users, person_id, AccountChange(is_operator=operator, is_admin=admin))


async def set_disabled(users: Any, person_id: int, *, disabled: bool) -> Person | None:
    """Let a person come in or not."""
    return await _administer(users, person_id, AccountChange(is_disabled=disabled))


async def end_tokens(users: Any, person_id: int) -> Person | None:
    """Make every token issued so far to this person invalid."""
    return await _administer(users, person_id, AccountChange(ends_sessions=True))


async def _administer(users: Any, person_id: int, change: AccountChange) -> Person | None:
    changed = await users.administer(person_id, change, None)
    assert changed is None or isinstance(changed, Person)
    return changed
