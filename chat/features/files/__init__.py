"""Files: uploading them before their message, listing those of a room, and downloading them.

That a message has files, and who may read them, are rules of the core: `files.py` and `uploads.py` in
`domain/messages/`.
"""

from chat.features.feature import Feature
from chat.features.files.native import OPERATIONS

__all__ = ["FEATURE"]

FEATURE = Feature(name="files", is_on=lambda services: services.uploads.most_bytes > 0, operations=OPERATIONS)
