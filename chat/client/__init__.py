"""A client of the native protocol. The program gets every event once and in order, across reconnects.

It is for Trio; programs on asyncio take `open_chat` of `chat.client.asyncio`.

    async with open_chat("https://chat.example", token=token) as chat:
        await chat.send(1, "good morning")
        async for event in chat.events():
            match event:
                case NewMessage(text=text, sender=sender):
                    print(sender.name, text)

The modules by layer, highest first; none imports anything of the server:

    asyncio              `open_chat` for programs on asyncio
    opening              `open_chat`
    chat                 `Chat`, the interface
    reconnecting         one connection after another
    connection           one connection: hello, sync, reading, writing
    http_api             calls over HTTP of a person who is logged in
    socket, credentials  the WebSocket; access tokens
    inbox, outbox        events not taken yet; requests not answered yet
    rooms, frames        what each frame changes; JSON to values and back
    sessions             log in, refresh, register
    http_call, address   one HTTP call; where the server is
    room                 one room as it is now, with its messages and unread counts
    guest                Trio in an asyncio loop, and calls from one to the other
    errors, endings      exceptions; how connections end and when to reconnect
    running              where the parts that wait run
    features             what features add: types, events and calls, made from the server's features
    calls, events        what those calls are made with; what `Chat.events()` yields
    wire, structs        the types of the protocol, made from the server's; their bases
"""

from chat.client import features
from chat.client.address import Address, parse_url
from chat.client.chat import Chat
from chat.client.credentials import SessionStore
from chat.client.errors import CannotConnect, ChatError, ConnectionFailed, LoggedOut, Refused
from chat.client.events import Connected, Disconnected, Event, FeatureChange, Restored
from chat.client.features import *  # noqa: F403 - the names that features add
from chat.client.http_api import HttpApi
from chat.client.opening import open_chat
from chat.client.room import Room
from chat.client.sessions import log_in, register
from chat.client.structs import Position
from chat.client.wire import (
    Activity,
    Deletion,
    File,
    History,
    Hit,
    Hits,
    Invite,
    MemberChanged,
    MemberCount,
    Members,
    Membership,
    Message,
    MessageDeleted,
    MessageEdited,
    NewMessage,
    Person,
    Presence,
    PresenceChanged,
    ProfileChanged,
    PublicRoom,
    Reaction,
    ReactionChanged,
    ReadMark,
    RoomChanged,
    RoomGone,
    RoomInfo,
    RoomSnapshot,
    Sender,
    Sent,
    Session,
    Support,
    SupportChanged,
)

__all__ = [
    "Activity",
    "Address",
    "CannotConnect",
    "Chat",
    "ChatError",
    "Connected",
    "ConnectionFailed",
    "Deletion",
    "Disconnected",
    "Event",
    "FeatureChange",
    "File",
    "History",
    "Hit",
    "Hits",
    "HttpApi",
    "Invite",
    "LoggedOut",
    "MemberChanged",
    "MemberCount",
    "Members",
    "Membership",
    "Message",
    "MessageDeleted",
    "MessageEdited",
    "NewMessage",
    "Person",
    "Position",
    "Presence",
    "PresenceChanged",
    "ProfileChanged",
    "PublicRoom",
    "Reaction",
    "ReactionChanged",
    "ReadMark",
    "Refused",
    "Restored",
    "Room",
    "RoomChanged",
    "RoomGone",
    "RoomInfo",
    "RoomSnapshot",
    "Sender",
    "Sent",
    "Session",
    "SessionStore",
    "Support",
    "SupportChanged",
    "log_in",
    "open_chat",
    "parse_url",
    "register",
]
__all__ += features.__all__
