"""Writes the reference at the end of docs/client.md: every call with its arguments, every value with its fields.

python -m tests.client.reference_writer
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

import chat.client as client
from chat.client.http_api import HttpApi

PAGE = Path(__file__).parents[2] / "docs" / "client.md"
BEGINNING = "## Reference\n"

_BEHIND_CHAT = (
    "search",
    "upload",
    "download",
    "set_picture",
    "remove_picture",
    "picture",
    "call_until_answered",
)
"""Calls of `chat.http` that `Chat` has in a better form."""

_ON_ANOTHER_LOOP = ("run_by",)
"""What makes `chat.client.asyncio`; no program calls it."""

_FUNCTIONS = (client.open_chat, client.log_in, client.register, client.parse_url)


def reference() -> str:
    """Return the section."""
    return "\n".join(
        [
            BEGINNING,
            "Arguments are explained where they are defined: `help(chat.client.Chat.send)`. A `?` marks a field with a",
            "default. Fields are named as in the protocol; times are Unix milliseconds.",
            "",
            "| `chat.client` | returns |",
            "|---|---|",
            *map(_call, _FUNCTIONS),
            "",
            "| `Chat` | returns |",
            "|---|---|",
            *_calls(client.Chat, without=_ON_ANOTHER_LOOP),
            "",
            "| `Chat.http` | returns |",
            "|---|---|",
            *_calls(HttpApi, without=_BEHIND_CHAT + _ON_ANOTHER_LOOP),
            "",
            *_values(),
            "",
        ]
    )


def _calls(cls: type, without: tuple[str, ...] = ()) -> Iterator[str]:
    members = [each for owner in cls.__mro__ if owner is not object for each in vars(owner).items()]
    for name, member in members:
        if isinstance(member, property):
            yield f"| `{name}` | {_told(inspect.signature(member.fget).return_annotation)} |"  # type: ignore[arg-type]
        elif not name.startswith("_") and name not in without:
            yield _call(member)


def _call(function: Any) -> str:
    signature = inspect.signature(function)
    got = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    without = signature.replace(
        parameters=[each for each in got if each.name != "self"], return_annotation=inspect.Signature.empty
    )
    return f"| `{function.__name__}{without}` | {_told(signature.return_annotation)} |"


def _told(annotation: Any) -> str:
    text = inspect.formatannotation(annotation)
    text = re.sub(r"[a-z_]+(\.[a-z_]+)*\.", "", text)
    if text.count("|") > 3:
        text = "AsyncIterator[Event]"
    text = re.sub(r"^AsyncGenerator\[(\w+)\]$", r"a block with \1", text)
    return "" if text == "None" else f"`{text}`"


def _values() -> Iterator[str]:
    structs = [each for name in client.__all__ if _is_struct(each := getattr(client, name))]
    for struct in structs:
        bases = [each for each in struct.__mro__[1:] if each in structs]
        taken = set(bases[0].__struct_fields__) if bases else set()
        fields = ", ".join(
            field.name if field.required else f"{field.name}?"
            for field in msgspec.structs.fields(struct)
            if field.name not in taken
        )
        parts = [f"a `{bases[0].__name__}`"] if bases else []
        parts += [f"`{fields}`"] if fields else []
        yield f"- **{struct.__name__}** {', and '.join(parts)}".rstrip()


def _is_struct(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, msgspec.Struct)


def page() -> str:
    """Return the page with the section as it is to be."""
    before = PAGE.read_text(encoding="utf-8").partition(BEGINNING)[0]
    return before + reference()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
