"""The commands of the rooms protocol."""

from chat.engine.dialect import Command


class Enter(Command, frozen=True):
    """Listen in this room and in no other; 0 leaves."""

    room_id: int


class Speak(Command, frozen=True):
    """Say something in the room that this connection is in."""

    text: str
