"""Rooms: public and private rooms with members."""

from chat.protocols.protocol import ChatProtocol
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.rooms.handlers import open_rooms
from chat.protocols.rooms.http import rooms_routes

PROTOCOL = ChatProtocol(ROOMS, open_rooms, rooms_routes)
