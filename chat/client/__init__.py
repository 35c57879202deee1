"""A client of the native protocol, for Trio: it never tells a message twice, out of order, or not at all.

    async with open_chat("https://chat.example", token=token) as chat:
        await chat.send(1, "good morning")
        async for event in chat.events():
            match event:
                case Said(text=text, sender=sender):
                    print(sender.name, text)

The floors, highest first; nothing here imports anything of the server:

    opening              `open_chat`
    chat                 what can be asked of it
    reconnecting         one connection after another
    line                 one connection: hello, sync, reading, writing
    http_api             calls of a person who is logged in
    socket, credentials  the WebSocket; access tokens and sessions
    sessions             how one begins: log in, refresh, register
    http_call, address   one call; where the server is
    inbox, outbox        what the program has not taken yet, and what the server has not answered yet
    rooms, room          what each frame makes of the rooms; messages, unread: parts of a room
    frames, endings      JSON to values; when to connect again
    requests, events, values, errors
"""

from chat.client.address import parse_url
from chat.client.chat import Chat
from chat.client.credentials import SharedSession
from chat.client.errors import ChatEnded, ChatError, Lost, Refused, SignedOut
from chat.client.events import (
    Activity,
    Changed,
    Connected,
    Deleted,
    Disconnected,
    Edited,
    Event,
    Gone,
    Member,
    MembersTold,
    PersonTold,
    PresenceTold,
    Reacted,
    ReadMark,
    RoomTold,
    Said,
    SupportChanged,
)
from chat.client.opening import open_chat
from chat.client.requests import History, Hit, Hits, Sent
from chat.client.room import Room
from chat.client.sessions import log_in, register
from chat.client.values import (
    File,
    Members,
    Membership,
    Message,
    Person,
    Position,
    Presence,
    PublicRoom,
    Reaction,
    RoomInfo,
    Sender,
    Session,
    Support,
)

__all__ = [
    "Activity",
    "Changed",
    "Chat",
    "ChatEnded",
    "ChatError",
    "Connected",
    "Deleted",
    "Disconnected",
    "Edited",
    "Event",
    "File",
    "Gone",
    "History",
    "Hit",
    "Hits",
    "Lost",
    "Member",
    "Members",
    "MembersTold",
    "Membership",
    "Message",
    "Person",
    "PersonTold",
    "Position",
    "Presence",
    "PresenceTold",
    "PublicRoom",
    "Reacted",
    "Reaction",
    "ReadMark",
    "Refused",
    "Room",
    "RoomInfo",
    "RoomTold",
    "Said",
    "Sender",
    "Sent",
    "Session",
    "SharedSession",
    "SignedOut",
    "Support",
    "SupportChanged",
    "log_in",
    "open_chat",
    "parse_url",
    "register",
]
