"""`chat user …`: people, their tokens and their roles, while a server runs on the same data and while none does."""

import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import click
import trio

from chat.cli.flags import config_flags
from chat.cli.refused import Refused, one_line_refusals
from chat.config import Config
from chat.configure import read_config
from chat.logs import configure_logging
from chat.model.entities import Person
from chat.model.refusals import Refusal
from chat.services.accounts import Accounts
from chat.services.administration import Administration
from chat.storage.ports import LookAlike

Answer = TypeVar("Answer")

LONGEST_INPUT = 4096
"""Bytes that are read from stdin as a password; more than one may have, so that its refusal says why."""

config_of_accounts = config_flags("data", "database_url", "bcrypt_cost", "min_password")


@click.group()
def user() -> None:
    """Add, list, change and delete people, while the server runs and while it does not.

    Whoever is connected feels it within a second.
    """


def _utf8(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise click.BadParameter("not UTF-8")
    return value


@user.command()
@click.argument("name", callback=_utf8)
@click.option("--email", metavar="ADDRESS", callback=_utf8, help="For the dialects that log in by e-mail.")
@click.option("--operator", is_flag=True, help="May answer support conversations.")
@click.option("--admin", is_flag=True, help="May administer the server.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin, not from the terminal.")
@config_of_accounts
def add(
    name: str, email: str | None, operator: bool, admin: bool, password_stdin: bool, **flags: object
) -> None:
    """Add a person called NAME."""
    with one_line_refusals():
        config = read_config(flags, os.environ)
        password = _password_from_stdin() if password_stdin else _password_from_terminal()
        person = _expect(
            _ask(
                config,
                lambda accounts, _: accounts.add(name, password, email, operator=operator, admin=admin),
            )
        )
        click.echo(f"added {person.name}, id {person.id}")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@config_of_accounts
def list_people(as_json: bool, **flags: object) -> None:
    """List everybody: id, name, e-mail, roles, and when they were added (UTC)."""
    with one_line_refusals():
        people = _ask(read_config(flags, os.environ), lambda _, people: people.people())
        click.echo(_as_json(people) if as_json else _as_table(people))


@user.command("look-alikes")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@config_of_accounts
def list_look_alikes(as_json: bool, **flags: object) -> None:
    """List the people whose names look like that of an older account, which a new name may not.

    They keep their names until they are renamed. "deleted" is an account whose name nobody else can take.
    """
    with one_line_refusals():
        found = _ask(read_config(flags, os.environ), lambda _, people: people.look_alikes())
        click.echo(_look_alikes_as_json(found) if as_json else _look_alikes_as_table(found))


@user.command()
@click.argument("name", callback=_utf8)
@config_of_accounts
def revoke(name: str, **flags: object) -> None:
    """Make every token of NAME invalid that was issued so far, and close their sockets.

    Logging in again gives a new one.
    """
    person = _do(flags, lambda people: people.log_out(name))
    click.echo(f"revoked the tokens of {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=_utf8)
@config_of_accounts
def logout(name: str, **flags: object) -> None:
    """Log NAME out everywhere: the same as revoke."""
    person = _do(flags, lambda people: people.log_out(name))
    click.echo(f"logged out {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=_utf8)
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin, not from the terminal.")
@config_of_accounts
def password(name: str, password_stdin: bool, **flags: object) -> None:
    """Give NAME another password, and log them out everywhere."""
    new = _password_from_stdin() if password_stdin else _password_from_terminal()
    person = _do(flags, lambda people: people.set_password(name, new))
    click.echo(f"changed the password of {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=_utf8)
@click.argument("new_name", callback=_utf8)
@config_of_accounts
def rename(name: str, new_name: str, **flags: object) -> None:
    """Call NAME NEW_NAME from now on, also in what they said before. NAME is free then."""
    person = _do(flags, lambda people: people.rename(name, new_name))
    click.echo(f"renamed to {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=_utf8)
@config_of_accounts
def disable(name: str, **flags: object) -> None:
    """Log NAME out everywhere, and let them in no more until they are enabled. What they said stays."""
    person = _do(flags, lambda people: people.set_disabled(name, disabled=True))
    click.echo(f"disabled {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=_utf8)
@config_of_accounts
def enable(name: str, **flags: object) -> None:
    """Let NAME in again, with the password they had. They have to log in anew."""
    person = _do(flags, lambda people: people.set_disabled(name, disabled=False))
    click.echo(f"enabled {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=_utf8)
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
@click.argument("name", callback=_utf8)
@click.argument("roles", nargs=-1, required=True, type=click.Choice(["operator", "admin", "member"]))
@config_of_accounts
def role(name: str, roles: tuple[str, ...], **flags: object) -> None:
    """Give NAME these ROLES and no others; a plain member has none.

    It counts at once, also for who is connected.
    """
    if "member" in roles and len(roles) > 1:
        raise click.UsageError("a member has no other role")
    is_operator, is_admin = "operator" in roles, "admin" in roles
    person = _do(flags, lambda people: people.set_roles(name, operator=is_operator, admin=is_admin))
    click.echo(f"{person.name}, id {person.id}: {','.join(_roles(person)) or 'member'}")


def _do(flags: Mapping[str, object], act: Callable[[Administration], Awaitable[Person | Refusal]]) -> Person:
    with one_line_refusals():
        return _expect(_ask(read_config(flags, os.environ), lambda _, people: act(people)))


def _ask(config: Config, question: Callable[[Accounts, Administration], Awaitable[Answer]]) -> Answer:
    from chat.server import open_accounts  # late: it takes a second, which --help need not wait for

    async def ask() -> Answer:
        async with open_accounts(config) as (accounts, administration):
            return await question(accounts, administration)

    configure_logging("warning", config.log_format)  # the answer is on stdout, and only trouble beside it
    return trio.run(ask)


def _expect(answer: Person | Refusal) -> Person:
    if isinstance(answer, Refusal):
        raise Refused(answer.text)
    return answer


def _password_from_terminal() -> str:
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("stdin is no terminal to ask for a password on; pass --password-stdin")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _password_from_stdin() -> str:
    line = b"" if sys.stdin is None else sys.stdin.buffer.read(LONGEST_INPUT)
    try:
        return line.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise click.UsageError("the password on stdin is not UTF-8") from None


def _roles(person: Person) -> list[str]:
    return [role for role, held in (("operator", person.is_operator), ("admin", person.is_admin)) if held]


def _created(person: Person) -> datetime:
    return datetime.fromtimestamp(person.created_at, UTC).replace(microsecond=0)


def _as_json(people: list[Person]) -> str:
    return json.dumps(
        [
            {
                "id": person.id,
                "name": person.name,
                "email": person.email,
                "roles": _roles(person),
                "disabled": person.is_disabled,
                "created": _created(person).isoformat(),
            }
            for person in people
        ],
        indent=2,
    )


def _as_table(people: list[Person]) -> str:
    rows = [("ID", "NAME", "EMAIL", "ROLES", "CREATED")]
    for person in people:
        roles = ",".join([*_roles(person), *(["disabled"] if person.is_disabled else [])]) or "-"
        rows.append((str(person.id), person.name, person.email or "-", roles, f"{_created(person):%F %T}"))
    return _aligned(rows)


def _look_alikes_as_json(found: list[LookAlike]) -> str:
    return json.dumps(
        [
            {
                "id": each.person.id,
                "name": each.person.name,
                "looks_like": {
                    "id": each.older_id,
                    "name": each.older_name,
                    "deleted": each.older_is_deleted,
                },
            }
            for each in found
        ],
        indent=2,
    )


def _look_alikes_as_table(found: list[LookAlike]) -> str:
    rows = [("ID", "NAME", "LOOKS LIKE", "ITS ID")]
    for each in found:
        older_id = f"{each.older_id}, deleted" if each.older_is_deleted else str(each.older_id)
        rows.append((str(each.person.id), each.person.name, each.older_name, older_id))
    return _aligned(rows)


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
