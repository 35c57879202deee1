"""`chat room …`: rooms. Works while a server runs on the data and while none does."""

import click

from chat.cli.command_failed import CommandFailed
from chat.cli.data_access import as_json, as_table, data_flags, moment, with_data
from chat.domain.entities import LOBBY_ID
from chat.domain.refusals import NO_ROOM


@click.group()
def room() -> None:
    """List and delete rooms.

    Works while the server runs and while it does not.
    """


@room.command("list")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@data_flags
def list_rooms(json_wanted: bool, **flags: object) -> None:
    """List the rooms that people created.

    The lobby and direct conversations are not listed. Times are in UTC.
    """
    rooms = with_data(flags, lambda opened: opened.moderation.rooms())
    if json_wanted:
        fields = ("id", "name", "creator", "is_private", "is_archived", "members", "messages")
        click.echo(
            as_json(
                [
                    {
                        **{field.removeprefix("is_"): getattr(each, field) for field in fields},
                        "created": moment(each.created_at).isoformat(),
                    }
                    for each in rooms
                ]
            )
        )
        return
    head = ("ID", "NAME", "MADE BY", "PRIVATE", "MEMBERS", "MESSAGES", "CREATED")
    click.echo(
        as_table(
            head,
            [
                (
                    each.id,
                    each.name,
                    each.creator,
                    "yes" if each.is_private else "no",
                    each.members,
                    each.messages,
                    f"{moment(each.created_at):%F %T}",
                )
                for each in rooms
            ],
            "nobody has created a room yet; the lobby is not listed",
        )
    )


@room.command()
@click.argument("room_id", metavar="ID", type=int)
@data_flags
def delete(room_id: int, **flags: object) -> None:
    """Delete a room and all its messages for good.

    ID is the number in `chat room list`. The members are removed within a second, and the name is free again. The lobby
    cannot be deleted.
    """
    if room_id == LOBBY_ID:
        raise CommandFailed("the lobby cannot be deleted")
    with_data(
        flags,
        lambda opened: opened.moderation.delete_room(room_id),
        texts={NO_ROOM: f"no room has the id {room_id}: `chat room list` lists the rooms"},
    )
    click.echo(f"deleted room {room_id}")
