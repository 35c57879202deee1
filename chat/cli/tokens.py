"""Reads the token of a command from CHAT_TOKEN or a file: everybody on the machine can read arguments."""

import os
from pathlib import Path

from chat.cli.command_failed import CommandFailed

_MAX_LENGTH = 1 << 14
"""Characters to read of a file; a token has a tenth of that at most."""


def read_token(file: str | None = None) -> str | None:
    """Return the token from a file or CHAT_TOKEN, without white space around it; None if there is none. Sync.

    Raises CommandFailed if it cannot be a token: it would not fit in an HTTP header.
    """
    source = "CHAT_TOKEN" if file is None else f"--token-file {file}"
    if file is None:
        token = os.environ.get("CHAT_TOKEN", "").strip()
    else:
        try:
            with Path(file).open(encoding="utf-8") as opened:
                token = opened.read(_MAX_LENGTH).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandFailed(f"{source}: {error}") from None
        if not token:
            raise CommandFailed(f"{source}: the file is empty")
    if len(token) >= _MAX_LENGTH or not all(" " <= letter <= "~" for letter in token):
        raise CommandFailed(f"{source}: this is not a token")
    return token or None
