"""Administration: accounts, settings that can change while servers run, and the audit."""

from msgspec import UNSET, structs

from chat.domain.administration import administration, live_settings
from chat.domain.administration.audit import AuditEntry, Named
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.operations.conversions import person_fields
from chat.operations.operation import Caller
from chat.operations.room_values import Sender
from chat.protocols.native.admin import types
from chat.protocols.services import Services

_BOTH = Refusal(
    Code.INVALID,
    "give roles, or operator, moderator and admin, not both",
    field="roles",
    reason="roles_given_twice",
)


async def accounts(services: Services, _caller: Caller, request: types.WhichAccounts) -> types.Accounts:
    """List accounts, by id."""
    found = await services.administration.page(request.q, request.after, request.limit + 1, request.role)
    page = found[: request.limit]
    more = len(found) > len(page)
    return types.Accounts(
        people=[as_account(each) for each in page], next=page[-1].person.id if more else None
    )


async def account(
    services: Services, _caller: Caller, request: types.WhichAccount
) -> types.Account | Refusal:
    """Get an account."""
    found = await services.administration.account(request.person)
    return found if isinstance(found, Refusal) else as_account(found)


async def change_account(
    services: Services, caller: Caller, request: types.ChangeAccount
) -> types.Account | Refusal:
    """Change an account's name, roles or password, disable or enable it; all changes or none."""
    given = request.operator, request.moderator, request.admin
    if request.roles is not UNSET:
        if given != (UNSET, UNSET, UNSET):
            return _BOTH
        given = "operator" in request.roles, "moderator" in request.roles, "admin" in request.roles
    operator, moderator, admin = given
    wanted = administration.Wanted(
        name=request.name,
        operator=operator,
        moderator=moderator,
        admin=admin,
        password=request.password,
        disabled=request.disabled,
    )
    changed = await services.administration.change(request.person, wanted, caller.known)
    if isinstance(changed, Refusal):
        return changed
    if request.name is not UNSET:
        services.presence.renamed(changed)
    return await account(services, caller, types.WhichAccount(person=request.person))


async def add_account(
    services: Services, caller: Caller, request: types.CreateAccount
) -> types.Account | Refusal:
    """Add a person with a first password."""
    added = await services.administration.add(request.name, request.password, request.roles, caller.known)
    return added if isinstance(added, Refusal) else as_account(administration.Account(added, 0))


async def new_reset(
    services: Services, caller: Caller, request: types.WhichAccount
) -> types.PasswordReset | Refusal:
    """Create a link with which a person can set a new password; it is shown only once."""
    made = await services.administration.reset_link(request.person, caller.known)
    if isinstance(made, Refusal):
        return made
    code, ends = made
    path, address = f"/reset#{code}", services.settings.public_url
    return types.PasswordReset(
        code=code, url=path, link=address + path if address else None, expires=ends * 1000
    )


async def end_sessions(
    services: Services, caller: Caller, request: types.WhichAccount
) -> types.Account | Refusal:
    """End all sessions of a person and revoke all tokens issued so far."""
    changed = await services.administration.log_out(request.person, caller.known)
    if isinstance(changed, Refusal):
        return changed
    return await account(services, caller, request)


async def delete_account(
    services: Services, caller: Caller, request: types.WhichAccount
) -> types.Account | Refusal:
    """Delete a person and return their account; their messages stay under their name, which stays taken."""
    deleted = await services.administration.delete(request.person, caller.known)
    return deleted if isinstance(deleted, Refusal) else as_account(administration.Account(deleted, 0))


async def settings(services: Services, _caller: Caller, _request: None) -> types.Settings:
    """Get the settings that can change while servers run, with the source of each value."""
    return as_settings(services.settings.effective())


async def change_settings(
    services: Services, caller: Caller, request: types.ChangeSettings
) -> types.Settings | Refusal:
    """Change settings for all servers, all changes or none; they take effect within a second."""
    changes = {name: value for name, value in structs.asdict(request).items() if value is not UNSET}
    if refusal := live_settings.refused_settings(changes):
        return refusal
    await services.settings.change(caller.known, changes)
    return as_settings(services.settings.effective())


async def acts(services: Services, _caller: Caller, request: types.WhichActs) -> types.Acts:
    """List the acts of administrators, newest first; they are kept for a year."""
    kinds = request.what.split(",") if request.what else ()
    found = await services.administration.acts(
        request.after or None, request.limit + 1, person_id=request.person, kinds=kinds
    )
    page = found[: request.limit]
    return types.Acts(
        entries=[as_act(each) for each in page], next=page[-1].id if len(found) > len(page) else None
    )


def as_account(found: administration.Account) -> types.Account:
    """Return an account as admins see it."""
    person = found.person
    return types.Account(
        **person_fields(person),
        email=person.email,
        disabled=person.is_disabled,
        created=milliseconds(person.created_at),
        sessions=found.sessions,
        second_factor=person.has_second_factor,
    )


def as_settings(effective: dict[str, live_settings.Effective]) -> types.Settings:
    """Return the settings with the source of each."""
    fields = {field.name: field.type for field in structs.fields(types.Settings)}
    return types.Settings(
        **{
            name: fields[name](
                value=each.value,
                default=each.default,
                source=each.source,
                at=None if each.at is None else milliseconds(each.at),
                by=_sender(each.by),
            )
            for name, each in effective.items()
        }
    )


def as_act(entry: AuditEntry) -> types.Act:
    """Return an entry of the audit."""
    return types.Act(
        id=entry.id,
        at=milliseconds(entry.at),
        by=_sender(entry.by),
        what=entry.what,
        person=_sender(entry.person),
        room=entry.room_id,
        detail=entry.detail,
    )


def _sender(person: Named | None) -> Sender | None:
    return None if person is None else Sender(id=person.id, name=person.name)
