"""Use cases for all protocols: one plain async function each. Protocols translate to and from it.

Rights are checked by `domain/rooms/room_rights.py` before the write, and again in the write itself, while the log is
locked.
Cancelling a use case: the write may still be committed, whole.
"""
