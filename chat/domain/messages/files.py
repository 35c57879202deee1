"""Attached files: their names, types, and their form in protocols without files. All of it is sync and pure."""

import re
import unicodedata
from collections.abc import Sequence

import msgspec

from chat.domain.entities import File, Message
from chat.domain.refusals import Code, Refusal
from chat.domain.text.rules import clean_text

MOST_FILES = 10
"""Most files of one message."""

NAME_BYTES = 255
"""Most bytes of a name, as in file systems."""

LONGEST_FILE_JSON = 2 * NAME_BYTES + 256
"""Bytes of a file as JSON, at most: a name has no controls, so two for each of its bytes; type, numbers and signs."""

UNATTACHED_KEPT = 86_400.0
"""Seconds for which an uploaded file is kept without a message."""

UNKNOWN_KEPT = 7 * 86_400.0
"""Seconds for which bytes stay that no file has and none is known to have had."""

IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
"""The types that pages show. A file gets one of them only by its bytes."""

ANY_TYPE = "application/octet-stream"

FILE_KINDS = ("image", "video", "audio", "document", "other")
"""The kinds of files, by which people look for them."""

_DOCUMENTS = re.compile(
    r"text/|application/(pdf|msword|rtf|epub\+zip|vnd\.ms-(excel|powerpoint)|"
    r"vnd\.(openxmlformats-officedocument|oasis\.opendocument|apple)\.)"
)
"""What types of documents begin with, as in `file_kind` (sql/0071_file_kinds.sql)."""

NO_FILE = Refusal(Code.NOT_FOUND, "there is no such file", reason="no_file")
NO_SUCH_FILES = Refusal(
    Code.INVALID,
    "a file doesn't exist, is not yours, or belongs to another room or message",
    field="files",
    reason="bad_files",
)

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
_SPACES = re.compile(r"\s+")
_NOT_IN_NAMES = '<>:"|?*'
_LONGEST_SUFFIX = 20

FILES = msgspec.json.Decoder(tuple[File, ...])


def files_json(files: Sequence[File]) -> bytes:
    """Return files as JSON, as stored with a message; b"": no files."""
    return msgspec.json.encode(files) if files else b""


def clean_file_name(name: str) -> str:
    """Return a name that can be shown and saved anywhere: the last part of a path, without invisible characters.

    Takes any text. A name that is too long loses its middle and keeps its suffix.
    """
    name = re.split(r"[/\\]", name[-4 * NAME_BYTES :])[-1]
    name = "".join(" " if char in "\t\n\r" else char for char in name)
    # Controls, directions (RTL), lone surrogates, private use, and what no file system takes.
    name = "".join(
        char for char in name if unicodedata.category(char)[0] != "C" and char not in _NOT_IN_NAMES
    )
    name = _SPACES.sub(" ", unicodedata.normalize("NFC", name)).strip(" .")
    if not name:
        return "file"
    if len(name.encode()) <= NAME_BYTES:
        return name
    stem, dot, suffix = name.rpartition(".")
    end = f".{suffix}" if stem and dot and len(suffix.encode()) <= _LONGEST_SUFFIX else ""
    return name.encode()[: NAME_BYTES - len(end.encode())].decode(errors="ignore").rstrip(" .") + end


def type_of(declared: str, found: str | None) -> str:
    """Return the type of a file: of an image by its bytes, else the sender's, if that is a valid type.

    A file that its sender calls an image, but that is none, has no type.
    """
    if found is not None:
        return found
    said = declared.partition(";")[0].strip().lower()
    return said if _TYPE.fullmatch(said) and said not in IMAGE_TYPES else ANY_TYPE


def kind_of(media_type: str) -> str:
    """Return the kind of files of a type, one of FILE_KINDS."""
    whole = media_type.partition("/")[0]
    if whole in ("image", "video", "audio"):
        return whole
    return "document" if _DOCUMENTS.match(media_type) else "other"


def clean_file_ids(file_ids: Sequence[int]) -> tuple[int, ...] | Refusal:
    """Return the file ids of a message, or the refusal of repeated ids."""
    return NO_SUCH_FILES if len(set(file_ids)) < len(file_ids) else tuple(file_ids)


def searched_text(text: str, files: Sequence[File]) -> str:
    """Return the searchable text of a message: its text, and the names of its files."""
    return "\n".join([text, *(file.name for file in files)]) if files else text


def clean_message(text: str, files: Sequence[int]) -> tuple[str, tuple[int, ...]] | Refusal:
    """Return a message's text and the ids of its files as they are saved, or why it is refused. Sync and pure."""
    clean = clean_text(text, may_be_empty=bool(files))
    if isinstance(clean, Refusal):
        return clean
    file_ids = clean_file_ids(files)
    return file_ids if isinstance(file_ids, Refusal) else (clean, file_ids)


def text_of(message: Message) -> str:
    """Return the text for protocols without files: the text, and the name of each file."""
    if not message.files:
        return message.text
    lines = [message.text] if message.text else []
    return "\n".join([*lines, *(f"{file.name} (file)" for file in message.files)])
