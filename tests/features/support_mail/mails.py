"""Mails as bytes, as visitors, programs and mail servers send them."""

from collections.abc import Mapping
from typing import Any


def raw(
    text: str | bytes = "Help, please.", /, headers: Mapping[str, str] | None = None, **fields: str
) -> bytes:
    """A mail of Ada's; `fields` are headers, with `_` for `-`, and "" leaves one out."""
    all_fields = {
        "From": "Ada Lovelace <ada@example.com>",
        "To": "help@chat.example",
        "Subject": "The garden",
        "Message-ID": "<one@example.com>",
        **{name.replace("_", "-"): value for name, value in fields.items()},
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in all_fields.items() if value)
    body = text.replace("\n", "\r\n").encode() if isinstance(text, str) else text
    return head.encode() + b"\r\n" + body


def multipart(*parts: str, kind: str = "mixed", **fields: Any) -> bytes:
    """A mail of several parts, each with its headers."""
    body = "".join(f"--edge\n{part}\n" for part in parts) + "--edge--\n"
    return raw(body, Content_Type=f'multipart/{kind}; boundary="edge"', **fields)
