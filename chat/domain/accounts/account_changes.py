"""Changes of accounts by administrators, and their acts for the audit. All of it is sync and pure."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from chat.domain.administration.audit import Act, What
from chat.domain.entities import Person
from chat.domain.refusals import Code, Refusal

Role = Literal["operator", "moderator", "admin"]
"""A role on the whole server."""

LAST_ADMIN = Refusal(
    Code.CONFLICT,
    "this would remove the last admin who can log in: make someone else an admin first",
    reason="last_admin",
)


class AccountChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an account; UNSET fields stay. The name has passed `domain/text/rules.py`.

    A new password, disabling and `ends_sessions` invalidate every token issued so far. With `keeps_sessions` disabling
    does not: sessions are refused while the account is disabled, and accepted again afterwards. `by_provider`: the
    identity provider gives the roles.
    """

    name: str | UnsetType = UNSET
    is_operator: bool | UnsetType = UNSET
    is_moderator: bool | UnsetType = UNSET
    is_admin: bool | UnsetType = UNSET
    is_disabled: bool | UnsetType = UNSET
    password_hash: bytes | UnsetType = UNSET
    ends_sessions: bool = False
    keeps_sessions: bool = False
    by_provider: bool = False

    @property
    def ends_tokens(self) -> bool:
        """Whether it invalidates the tokens issued so far."""
        is_shut_out = self.is_disabled is True and not self.keeps_sessions
        return self.ends_sessions or self.password_hash is not UNSET or is_shut_out

    @property
    def makes_member(self) -> bool:
        """Whether it sets a name, password or role, which visitors of the support widget can't have."""
        roles = self.is_operator, self.is_moderator, self.is_admin
        return self.name is not UNSET or self.password_hash is not UNSET or True in roles

    @property
    def may_end_an_admin(self) -> bool:
        """Whether it may remove an admin's role, or keep them out."""
        return self.is_admin is False or self.is_disabled is True


def is_acting_admin(person: Person) -> bool:
    """Whether the person is an admin who can log in."""
    return person.is_admin and not person.is_disabled


def may_change(by: Person | None, person: Person, change: AccountChange) -> bool:
    """Whether `by` may make this change: an admin any; an operator may block and unblock visitors."""
    if by is None:
        return False
    only_blocks = change == AccountChange(
        is_disabled=change.is_disabled, keeps_sessions=change.keeps_sessions
    )
    is_operator = by.is_operator and not by.is_disabled
    return is_acting_admin(by) or (person.is_visitor and only_blocks and is_operator)


def roles_of(person: Person) -> list[Role]:
    """Return a person's roles."""
    held: tuple[tuple[Role, bool], ...] = (
        ("operator", person.is_operator),
        ("moderator", person.is_moderator),
        ("admin", person.is_admin),
    )
    return [role for role, is_held in held if is_held]


def acts_of(before: Person, change: AccountChange, after: Person, by_id: int | None) -> list[Act]:
    """Return the acts of a change; what did not change is no act."""
    done: list[tuple[What, str]] = []
    if after.name != before.name:
        done.append((What.RENAMED, f"{before.name} -> {after.name}"))
    if roles_of(after) != roles_of(before):
        what = What.ROLES_BY_PROVIDER if change.by_provider else What.ROLES_CHANGED
        done.append((what, f"{_listed(before)} -> {_listed(after)}"))
    if change.password_hash is not UNSET:
        done.append((What.PASSWORD_SET, ""))
    if after.is_disabled != before.is_disabled:
        done.append((What.DISABLED if after.is_disabled else What.ENABLED, ""))
    if change.ends_sessions:
        done.append((What.SESSIONS_ENDED, ""))
    return [Act(by_id=by_id, what=what, person_id=before.id, detail=detail) for what, detail in done]


def addition(person: Person, by_id: int | None) -> Act:
    """Return the act of adding a person, with their roles."""
    return Act(by_id=by_id, what=What.PERSON_ADDED, person_id=person.id, detail=_listed(person))


def _listed(person: Person) -> str:
    return ", ".join(roles_of(person)) or "member"
