"""Private notes: what operators write to each other beside a support conversation, which nobody else reads."""

from chat.features.feature import Feature
from chat.features.notes.native import OPERATIONS, NotesEvent
from chat.features.notes.port import NOTES
from chat.features.notes.queries import PostgresNotes

__all__ = ["FEATURE"]

FEATURE = Feature(name="notes", ports={NOTES: PostgresNotes}, operations=OPERATIONS, own_events=(NotesEvent,))
