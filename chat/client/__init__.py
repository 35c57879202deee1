"""A client of the native protocol, for Trio: it never tells a message twice, out of order, or not at all.

The floors, highest first; nothing here imports anything of the server:

    inbox, outbox        what the program has not taken yet, and what the server has not answered yet
    rooms, room          what each frame makes of the rooms; messages, unread: parts of a room
    frames, endings      JSON to values; when to connect again
    requests, events, values, errors
"""
