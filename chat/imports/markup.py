"""Markup with single signs, as Slack and Rocket.Chat have it, in the form of this chat. Sync and pure."""

import re

CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
"""Code, which stays as it is."""

_STYLED = re.compile(r"(?<![\w*~_\\])([*~])(?=\S)([^*~\n]{0,3999}?\S)\1(?![\w*~])")
_MARKS = {"*": "**", "~": "~~"}


def doubled(text: str) -> str:
    """Return a text with bold and struck words between two signs on each side."""
    return _STYLED.sub(lambda match: f"{_MARKS[match[1]]}{match[2]}{_MARKS[match[1]]}", text)
