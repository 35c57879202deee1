"""What people do, whatever they speak: one plain async function for each use case. Protocols translate to and from it.

Who may do it is asked of `domain/room_rights.py` before the write, and once more in the write itself, while the log is
locked. Cancelling a use case: the write may still be committed, whole.
"""
