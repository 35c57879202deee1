"""`chat message …`: messages. Works while a server runs on the data and while none does."""

import click

from chat.cli.data_access import as_json, as_table, data_flags, moment, with_data
from chat.domain.entities import LOBBY_ID
from chat.domain.messages.files import text_of
from chat.domain.refusals import NO_MESSAGE, NO_ROOM


@click.group()
def message() -> None:
    """List and delete messages.

    Works while the server runs and while it does not.
    """


@message.command("list")
@click.option(
    "--room",
    "room_id",
    metavar="ID",
    type=int,
    default=LOBBY_ID,
    help="The id of the room, from `chat room list`; by default the lobby.",
)
@click.option(
    "--last",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="How many messages to list.",
)
@click.option("--up-to", metavar="ID", type=click.IntRange(1), help="Only messages up to this id.")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@data_flags
def list_messages(room_id: int, last: int, up_to: int | None, json_wanted: bool, **flags: object) -> None:
    """List the last messages of a room, oldest first.

    Times are in UTC.
    """
    messages = with_data(
        flags,
        lambda opened: opened.moderation.messages(room_id, last, up_to),
        texts={NO_ROOM: f"no room has the id {room_id}: `chat room list` lists the rooms"},
    )
    if json_wanted:
        records = [
            {
                "id": each.id,
                "at": moment(each.created_at).isoformat(),
                "sender": each.sender_name,
                "kind": each.kind.value,
                "text": text_of(each),
            }
            for each in messages
        ]
        return click.echo(as_json(records))
    rows = [
        (each.id, f"{moment(each.created_at):%F %T}", each.sender_name, text_of(each) or "(joined)")
        for each in messages
    ]
    return click.echo(as_table(("ID", "AT", "WHO", "TEXT"), rows, "no messages"))


@message.command()
@click.argument("message_id", metavar="ID", type=int)
@data_flags
def delete(message_id: int, **flags: object) -> None:
    """Delete a message for good.

    ID is the number in `chat message list`. The text is removed from the database, and at once from the screens of
    clients of the native protocol; a client that has stored the text keeps it.
    """
    with_data(
        flags,
        lambda opened: opened.moderation.delete_message(message_id),
        texts={
            NO_MESSAGE: f"no message has the id {message_id}: `chat message list` lists messages with their ids"
        },
    )
    click.echo(f"deleted message {message_id}")
