"""`chat export`: an archive of a server, a room or a person, while a server runs on the data or none does."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chat.cli.archives import progress_lines, with_files_and_storage
from chat.cli.flags import config_flags, utf8

if TYPE_CHECKING:
    from chat.archive.export import Exported
    from chat.settings.config import Config
    from chat.storage.file_store import DiskFileStore
    from chat.storage.postgres.storage import PostgresStorage


@click.command()
@click.argument("archive", type=click.Path(path_type=Path, file_okay=False))
@click.option("--room", "room_id", metavar="ID", type=click.IntRange(1), help="Only this room.")
@click.option("--person", "name", metavar="NAME", callback=utf8, help="Only what this person wrote.")
@click.option("--no-files", is_flag=True, help="Leave the bytes of files out.")
@config_flags("data", "database_url", "files")
def export(archive: Path, room_id: int | None, name: str | None, no_files: bool, **flags: object) -> None:
    """Write an archive of the server.

    ARCHIVE is a new directory. It gets people, rooms, memberships, messages with their earlier texts, reactions and
    files, and read marks; no passwords, sessions and settings. It has private rooms and direct messages too, and only
    you can read it. What else is left out is printed. A command that was cut off goes on when it is run again.
    `chat import` reads an archive.
    """
    if room_id is not None and name is not None:
        raise click.UsageError("--room and --person can't be combined")

    async def act(storage: "PostgresStorage", store: "DiskFileStore | None", _config: "Config") -> "Exported":
        from chat.archive.directory import BadArchive
        from chat.archive.export import Export
        from chat.archive.format import Scope

        person_id = None
        if name is not None:
            found = await storage.users.by_name(name)
            if found is None:
                raise BadArchive(f"nobody is called {name!r}: `chat user list` lists everybody")
            person_id = found.person.id
        if room_id is not None and await storage.rooms.by_id(room_id) is None:
            raise BadArchive(f"no room has the id {room_id}: `chat room list` lists the rooms")
        scope = Scope(room=room_id, person=person_id)
        with progress_lines() as report:
            export = Export(
                storage.database, None if no_files else store, archive, scope, lambda at: report(*at)
            )
            return await export.run()

    made = with_files_and_storage(flags, act)
    lines = {name: part.lines for name, part in made.parts.items()}
    log = sum(count for name, count in lines.items() if name.startswith("log-"))
    click.echo(
        f"exported to {archive}: {lines['people.jsonl']:,} people, {lines['rooms.jsonl']:,} rooms,"
        f" {log:,} entries of the log, {made.files:,} files"
    )
    if made.missing:
        click.echo(f"{made.missing:,} files are not in the directory of files: the archive names them only")
    if made.left_out:
        each = ", ".join(f"{name} ({count:,})" for name, count in made.left_out.items())
        click.echo(f"not in any archive: {each}")
