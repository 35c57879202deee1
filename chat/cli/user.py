"""`chat user …`: people, their tokens and roles. Works while a server runs on the data and while none does."""

import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from chat.cli.data_access import as_json, as_table, moment, with_data
from chat.cli.flags import config_flags, utf8
from chat.cli.password_prompt import prompt_password
from chat.cli.second_factor import show_or_remove
from chat.domain.accounts.account_changes import roles_of
from chat.domain.accounts.account_removal import How
from chat.domain.administration.administration import Administration, Wanted
from chat.domain.entities import Person
from chat.domain.ports import LookAlike
from chat.domain.refusals import EMAIL_TAKEN, LOOK_TAKEN, NAME_TAKEN, NO_PERSON, Refusal

if TYPE_CHECKING:
    from chat.data_access import DataAccess

LONGEST_INPUT = 4096
"""Bytes to read from stdin as a password: more than allowed, so the refusal says why."""

config_of_exports = config_flags("data", "database_url", "files")
config_of_accounts = config_flags("data", "database_url", "bcrypt_cost", "min_password")

_UNKNOWN_ADDRESS = (
    "chat: the server's public address is not known here: the link is that address, /i/ and this code;"
    " `chat setting set public_url ADDRESS`, or --url ADDRESS, has it printed"
)
_DELETED = re.compile("#([0-9]{1,18})")
"""An id: names have no such sign."""

_DONE = {How.ANONYMISE: "anonymised", How.ERASE: "erasing the messages of"}

_NOBODY = "nobody has an account yet: chat user add NAME"


def _public(_context: click.Context, _parameter: click.Parameter, url: str | None) -> str | None:
    """Return the beginning of links. A callback of click."""
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise click.BadParameter("expected https://HOST or http://HOST")
    return url.rstrip("/")


@click.group()
def user() -> None:
    """Add, list, change and delete people.

    Works while the server runs and while it does not. Changes reach connected clients within a second.
    """


@user.command()
@click.argument("name", callback=utf8)
@click.option("--email", metavar="ADDRESS", callback=utf8, help="Email address, for log-ins by email.")
@click.option("--operator", is_flag=True, help="May answer support conversations.")
@click.option("--admin", is_flag=True, help="May administer the server.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin, not from the terminal.")
@config_of_accounts
def add(
    name: str, email: str | None, operator: bool, admin: bool, password_stdin: bool, **flags: object
) -> None:
    """Add a person.

    Asks for the password on the terminal.
    """
    password = _password_from_stdin() if password_stdin else _password_from_terminal()
    person = with_data(
        flags,
        lambda opened: opened.accounts.add(name, password, email, operator=operator, admin=admin),
        may_create=True,
        texts=_taken(name) | {EMAIL_TAKEN: f"somebody has the email address {email} already"},
    )
    click.echo(f"added {person.name}, id {person.id}")


@user.command("list")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@config_of_accounts
def list_people(json_wanted: bool, **flags: object) -> None:
    """List everybody.

    Times are in UTC. Visitors of the support widget are not listed.
    """
    people = with_data(flags, lambda opened: opened.people.people())
    if json_wanted:
        click.echo(as_json([_record(person) for person in people]))
    else:
        click.echo(
            as_table(
                ("ID", "NAME", "EMAIL", "ROLES", "CREATED"), [_row(person) for person in people], _NOBODY
            )
        )


@user.command()
@click.option(
    "--uses",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="How many people can use it.",
)
@click.option(
    "--days",
    metavar="DAYS",
    type=click.IntRange(1, 365),
    default=7,
    show_default=True,
    help="How long it is valid.",
)
@click.option(
    "--url",
    metavar="URL",
    callback=_public,
    help="Where people reach the server; by default the setting public_url.",
)
@config_of_accounts
def invite(uses: int, days: int, url: str | None, **flags: object) -> None:
    """Print the link of a new invite.

    People need it to register where registration is by invite. The link begins with --url, or with the setting
    public_url. Without both, prints only the code: the link is the server's address, /i/ and the code.
    """

    async def act(opened: "DataAccess") -> tuple[str, str]:
        changed = (await opened.settings.changed_settings()).get("public_url")
        address = url or (opened.public_url if changed is None else str(changed.value))
        return await opened.accounts.invite(uses, days * 86_400), address

    code, address = with_data(flags, act)
    if not address:
        click.echo(_UNKNOWN_ADDRESS, err=True)
    click.echo(f"{address}/i/{code}" if address else code)


@user.command("look-alikes")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@config_of_accounts
def list_look_alikes(json_wanted: bool, **flags: object) -> None:
    """List people whose names look like an older one.

    A new name must not look like another. These people keep theirs until they are renamed. "deleted" marks the name of
    a deleted account, which nobody else can take.
    """
    found = with_data(flags, lambda opened: opened.people.look_alikes())
    if json_wanted:
        click.echo(as_json([_look_alike(each) for each in found]))
    else:
        click.echo(
            as_table(
                ("ID", "NAME", "LOOKS LIKE", "ITS ID"),
                [_look_alike_row(each) for each in found],
                "no name looks like an older one",
            )
        )


@user.command()
@click.argument("name", callback=utf8)
@config_of_accounts
def revoke(name: str, **flags: object) -> None:
    """Revoke all tokens of a person: the same as logout."""
    person = _do(flags, name, lambda people: people.log_out(name))
    click.echo(f"revoked the tokens of {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@config_of_accounts
def logout(name: str, **flags: object) -> None:
    """Log a person out everywhere.

    All tokens issued so far become invalid, also those of programs, and the connections are closed. The person may log
    in again.
    """
    person = _do(flags, name, lambda people: people.log_out(name))
    click.echo(f"logged out {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin, not from the terminal.")
@config_of_accounts
def password(name: str, password_stdin: bool, **flags: object) -> None:
    """Change a password, and log out everywhere.

    Asks for the new password on the terminal.
    """
    new = _password_from_stdin() if password_stdin else _password_from_terminal()
    person = _do(flags, name, lambda people: people.change(name, Wanted(password=new)))
    click.echo(f"changed the password of {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@click.argument("new_name", callback=utf8)
@config_of_accounts
def rename(name: str, new_name: str, **flags: object) -> None:
    """Rename a person.

    Earlier messages appear under the new name too. The old name is free again.
    """
    person = _do(flags, name, lambda people: people.change(name, Wanted(name=new_name)), new_name)
    click.echo(f"renamed to {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@config_of_accounts
def disable(name: str, **flags: object) -> None:
    """Log a person out and block log-in.

    `chat user enable` ends this. Their messages stay.
    """
    person = _do(flags, name, lambda people: people.change(name, Wanted(disabled=True)))
    click.echo(f"disabled {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@config_of_accounts
def enable(name: str, **flags: object) -> None:
    """Let a disabled person log in again.

    The password is the one from before.
    """
    person = _do(flags, name, lambda people: people.change(name, Wanted(disabled=False)))
    click.echo(f"enabled {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))
@config_of_exports
def export(name: str, archive: Path, **flags: object) -> None:
    """Write what a person has to a zip file.

    ARCHIVE gets their profile, sessions, rooms, blocks, messages with earlier texts, reactions and uploaded files, as
    JSON lines by kind. Only you can read it (mode 0600). An existing file is replaced once the new one is whole.
    """

    async def act(opened: "DataAccess") -> str | Refusal:
        from chat.storage.export_archive import write_archive
        from chat.storage.file_store import DiskFileStore

        person = await opened.people.person(name)
        if isinstance(person, Refusal):
            return person
        profile = await opened.exports.person(person.id)
        if profile is None:
            return NO_PERSON
        store = None if opened.files is None else DiskFileStore(opened.files)
        async with aclosing(opened.exports.kinds(person.id)) as kinds:
            await write_archive(archive, profile, kinds, store)
        return f"{person.name}, id {person.id}"

    whom = with_data(
        flags, act, texts={NO_PERSON: f"nobody is called {name!r}: `chat user list` lists everybody"}
    )
    click.echo(f"exported {whom}, to {archive}")


@user.command()
@click.argument("name", callback=utf8)
@config_of_accounts
def delete(name: str, **flags: object) -> None:
    """Delete an account; messages stay under its name.

    Sessions, email address and password are deleted. Messages stay under the name. Nobody else can take the name, or
    they would pass for the author.
    Operators no longer see the person's support conversation. Rooms that the person created stay, with their other
    members. `chat user anonymise` removes the name too, `chat user erase` the messages as well.
    """
    person = _do(flags, name, lambda people: people.delete(name))
    click.echo(f"deleted {person.name}, id {person.id}")


@user.command()
@click.argument("name", callback=utf8)
@config_of_accounts
def anonymise(name: str, **flags: object) -> None:
    """Delete an account and its name; messages stay.

    The messages stand under a name like deleted-7 from then on. The old name is free again. What others wrote stays,
    also where it names the person. An ID like #7 instead of NAME is that of somebody who was deleted before.
    """
    _remove(flags, name, How.ANONYMISE)


@user.command()
@click.argument("name", callback=utf8)
@config_of_accounts
def erase(name: str, **flags: object) -> None:
    """Delete an account, its name and messages.

    Messages with their earlier texts and files, reactions, the support conversation and invites are deleted; replies
    show a gap. The server does so in small steps, as soon as it runs: 100,000 messages take about half an hour. An ID
    like #7 instead of NAME is that of somebody who was deleted before.
    """
    _remove(flags, name, How.ERASE)


@user.command()
@click.argument("name", callback=utf8)
@click.argument(
    "roles", nargs=-1, required=True, type=click.Choice(["operator", "moderator", "admin", "member"])
)
@config_of_accounts
def role(name: str, roles: tuple[str, ...], **flags: object) -> None:
    """Set the roles of a person.

    The roles replace those from before; member means none. An operator answers support conversations, a moderator
    moderates every public room that they are in, an admin administers the server. The change takes effect at once, also
    for connected clients.
    """
    if "member" in roles and len(roles) > 1:
        raise click.UsageError("member cannot be combined with other roles")
    wanted = Wanted(operator="operator" in roles, moderator="moderator" in roles, admin="admin" in roles)
    person = _do(flags, name, lambda people: people.change(name, wanted))
    click.echo(f"{person.name}, id {person.id}: {','.join(roles_of(person)) or 'member'}")


@user.command("second-factor")
@click.argument("name", callback=utf8)
@click.option("--remove", is_flag=True, help="Remove it: the password alone logs the person in again.")
@config_of_accounts
def second_factor(name: str, remove: bool, **flags: object) -> None:
    """Show or remove a person's second factor.

    For people who have lost their phone and their recovery codes. Where the setting second_factor requires one, they
    set up another when they log in. Sessions and tokens stay.
    """

    click.echo(show_or_remove(name, flags, remove=remove))


def _remove(flags: Mapping[str, object], name: str, how: How) -> None:
    async def remove(opened: "DataAccess") -> str | Refusal:
        if deleted := _DELETED.fullmatch(name):
            refusal = await opened.people.delete_again(int(deleted[1]), how)
            return refusal or f"id {deleted[1]}"
        removed = await opened.people.delete(name, how=how)
        return removed if isinstance(removed, Refusal) else f"{removed.name}, id {removed.id}"

    texts = {NO_PERSON: f"nobody is called {name!r}, or nothing more is to be removed of them"}
    whom = with_data(flags, remove, texts=texts)
    click.echo(f"{_DONE[how]} {whom}")


def _do(
    flags: Mapping[str, object],
    name: str,
    act: Callable[[Administration], Awaitable[Person | Refusal]],
    new_name: str = "",
) -> Person:
    texts = {NO_PERSON: f"nobody is called {name!r}: `chat user list` lists everybody", **_taken(new_name)}
    return with_data(flags, lambda opened: act(opened.people), texts=texts)


def _taken(name: str) -> dict[Refusal, str]:
    return {
        NAME_TAKEN: f"somebody is called {name!r} already: choose another name",
        LOOK_TAKEN: f"{name!r} looks like the name of somebody else: choose another name",
    }


def _password_from_terminal() -> str:
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("cannot ask for a password: stdin is not a terminal; pass --password-stdin")
    return prompt_password(is_new=True)


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
