"""`chat message …`: what was said, while a server runs on the same data and while none does."""

import click

from chat.cli.data_access import as_json, as_table, data_flags, moment, with_data
from chat.domain.entities import LOBBY_ID
from chat.domain.files import text_of


@click.group()
def message() -> None:
    """List and delete messages, while the server runs and while it does not."""


@message.command("list")
@click.option(
    "--room",
    "room_id",
    metavar="ID",
    type=int,
    default=LOBBY_ID,
    help="A room, as chat room list has it; else the lobby.",
)
@click.option("--last", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@click.option("--up-to", metavar="ID", type=click.IntRange(1), help="Only this message and earlier ones.")
@click.option("--json", "json_wanted", is_flag=True, help="One JSON array.")
@data_flags
def list_messages(room_id: int, last: int, up_to: int | None, json_wanted: bool, **flags: object) -> None:
    """List the last messages of a room, the oldest first: id, when (UTC), who, and what."""
    messages = with_data(flags, lambda opened: opened.moderation.messages(room_id, last, up_to))
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
    return click.echo(as_table(("ID", "AT", "WHO", "TEXT"), rows))


@message.command()
@click.argument("message_id", metavar="ID", type=int)
@data_flags
def delete(message_id: int, **flags: object) -> None:
    """Delete the message ID: its text is gone for good, and nobody is told it again.

    Whoever has heard it keeps what they heard. The ids are those of `chat message list`.
    """
    with_data(flags, lambda opened: opened.moderation.delete_message(message_id))
    click.echo(f"deleted message {message_id}")
