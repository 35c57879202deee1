"""`chat user …`: people, their tokens and their roles, while a server runs on the same data and while none does."""

import sys
from collections.abc import Awaitable, Callable, Mapping

import click

from chat.cli.data_access import as_json, as_table, moment, with_data
from chat.cli.flags import config_flags, utf8
from chat.cli.passwords import typed_password
from chat.domain.account_changes import roles_of
from chat.domain.administration import Administration, Wanted
from chat.domain.entities import Person
from chat.domain.ports import LookAlike
from chat.domain.refusals import Refusal

LONGEST_INPUT = 4096
"""Bytes that are read from stdin as a password; more than one may have, so that its refusal says why."""

config_of_accounts = config_flags("data", "database_url", "bcrypt_cost", "min_password")


@click.group()
def user() -> None:
    """Add, list, change and delete people, while the server runs and while it does not.

    Whoever is connected feels it within a second.
    """


@user.command()
@click.argument("name", callback=utf8)
@click.option("--email", metavar="ADDRESS", callback=utf8, help="For the dialects that log in by e-mail.")
@click.option("--operator", is_flag=True, help="May answer support conversations.")
@click.option("--admin", is_flag=True, help="May administer the server.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin, not from the terminal.")
@config_of_accounts
def add(
    name: str, email: str | None, operator: bool, admin: bool, password_stdin: bool, **flags: object
) -> None:
    """Add a person called NAME."""
    password = _password_from_stdin() if password_stdin else _password_from_terminal()
    person = with_data(
        flags,
        lambda opened: opened.accounts.add(name, password, email, operator=operator, admin=admin),
        may_begin=True,
    )
    click.echo(f"added {person.name}, id {person.id}")


@user.command("list")
@click.option("--json", "json_wanted", is_flag=True, help="One JSON array.")
@config_of_accounts
def list_people(json_wanted: bool, **flags: object) -> None:
    """List everybody: id, name, e-mail, roles, and when they were added (UTC)."""
    people = with_data(flags, lambda opened: opened.people.people())
    if json_wanted:
        click.echo(as_json([_record(person) for person in people]))
    else:
        click.echo(as_table(("ID", "NAME", "EMAIL", "ROLES", "CREATED"), [_row(person) for person in people]))


@user.command()
@click.option(
    "--uses", type=click.IntRange(1, 1000), default=1, show_default=True, help="People who may use it."
)
@click.option(
    "--days", type=click.IntRange(1, 365), default=7, show_default=True, help="How long it can be used."
)
@config_of_accounts
def invite(uses: int, days: int, **flags: object) -> None:
    """Print the code of a new invite.

    Where registration is by invite, it goes into the field "invite" beside name and password.
    """
    click.echo(with_data(flags, lambda opened: opened.accounts.invite(uses, days * 86_400)))


@user.command("look-alikes")
@click.option("--json", "json_wanted", is_flag=True, help="One JSON array.")
@config_of_accounts
def list_look_alikes(json_wanted: bool, **flags: object) -> None:
    """List the people whose names look like that of an older account, which a new name may not.

    They keep their names until they are renamed. "deleted" is an account whose name nobody else can take.
    """
    found = with_data(flags, lambda opened: opened.people.look_alikes())
    if json_wanted:
        click.echo(as_json([_look_alike(each) for each in found]))
    else:
        click.echo(
            as_table(("ID", "NAME", "LOOKS LIKE", "ITS ID"), [_look_alike_row(each) for each in found])
        )


@user.command()
@click.argument("name", callback=utf8)
@config_of_accounts
def revoke(name: str, **flags: object) -> None:
    """Make every token of NAME invalid that was issued so far, and close their sockets.

    Logging in again gives a new one.
    """
    person = _do(flags, lambda people: people.log_out(name))
    click.echo(f"revoked the tokens of {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@config_of_accounts
def logout(name: str, **flags: object) -> None:
    """Log NAME out everywhere: the same as revoke."""
    person = _do(flags, lambda people: people.log_out(name))
    click.echo(f"logged out {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin, not from the terminal.")
@config_of_accounts
def password(name: str, password_stdin: bool, **flags: object) -> None:
    """Give NAME another password, and log them out everywhere."""
    new = _password_from_stdin() if password_stdin else _password_from_terminal()
    person = _do(flags, lambda people: people.change(name, Wanted(password=new)))
    click.echo(f"changed the password of {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@click.argument("new_name", callback=utf8)
@config_of_accounts
def rename(name: str, new_name: str, **flags: object) -> None:
    """Call NAME NEW_NAME from now on, also in what they said before. NAME is free then."""
    person = _do(flags, lambda people: people.change(name, Wanted(name=new_name)))
    click.echo(f"renamed to {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@config_of_accounts
def disable(name: str, **flags: object) -> None:
    """Log NAME out everywhere, and let them in no more until they are enabled. What they said stays."""
    person = _do(flags, lambda people: people.change(name, Wanted(disabled=True)))
    click.echo(f"disabled {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@config_of_accounts
def enable(name: str, **flags: object) -> None:
    """Let NAME in again, with the password they had. They have to log in anew."""
    person = _do(flags, lambda people: people.change(name, Wanted(disabled=False)))
    click.echo(f"enabled {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@config_of_accounts
def delete(name: str, **flags: object) -> None:
    """Delete NAME for good: their logins, e-mail address and password are gone.

    What they said stays, and stays under their name; rename them before if that name is to vanish. Nobody else can
    take the name, or they would pass for its author. Their support conversation is no longer shown to operators.
    Rooms that they made stay, with everybody else in them.
    """
    person = _do(flags, lambda people: people.delete(name))
    click.echo(f"deleted {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@click.argument(
    "roles", nargs=-1, required=True, type=click.Choice(["operator", "moderator", "admin", "member"])
)
@config_of_accounts
def role(name: str, roles: tuple[str, ...], **flags: object) -> None:
    """Give NAME these ROLES and no others; a plain member has none, a moderator is one in every public room
    that they are in.

    It counts at once, also for who is connected.
    """
    if "member" in roles and len(roles) > 1:
        raise click.UsageError("a member has no other role")
    wanted = Wanted(operator="operator" in roles, moderator="moderator" in roles, admin="admin" in roles)
    person = _do(flags, lambda people: people.change(name, wanted))
    click.echo(f"{person.name}, id {person.id}: {','.join(roles_of(person)) or 'member'}")


def _do(flags: Mapping[str, object], act: Callable[[Administration], Awaitable[Person | Refusal]]) -> Person:
    return with_data(flags, lambda opened: act(opened.people))


def _password_from_terminal() -> str:
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("stdin is no terminal to ask for a password on; pass --password-stdin")
    return typed_password(is_new=True)


def _password_from_stdin() -> str:
    line = b"" if sys.stdin is None else sys.stdin.buffer.read(LONGEST_INPUT)
    try:
        return line.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise click.UsageError("the password on stdin is not UTF-8") from None


def _record(person: Person) -> dict[str, object]:
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "roles": roles_of(person),
        "disabled": person.is_disabled,
        "created": moment(person.created_at).isoformat(),
    }


def _row(person: Person) -> tuple[object, ...]:
    roles = ",".join([*roles_of(person), *(["disabled"] if person.is_disabled else [])]) or "-"
    return person.id, person.name, person.email or "-", roles, f"{moment(person.created_at):%F %T}"


def _look_alike(found: LookAlike) -> dict[str, object]:
    older = {"id": found.older_id, "name": found.older_name, "deleted": found.older_is_deleted}
    return {"id": found.person.id, "name": found.person.name, "looks_like": older}


def _look_alike_row(found: LookAlike) -> tuple[object, ...]:
    older_id = f"{found.older_id}, deleted" if found.older_is_deleted else str(found.older_id)
    return found.person.id, found.person.name, found.older_name, older_id
