"""Folders: own sections of the list of rooms, which reach all one's sessions."""

from chat.features.feature import Feature
from chat.features.folders.folders import FOLDERS
from chat.features.folders.native import OPERATIONS, FoldersEvent
from chat.features.folders.queries import PostgresFolders

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="folders", ports={FOLDERS: PostgresFolders}, operations=OPERATIONS, own_events=(FoldersEvent,)
)
