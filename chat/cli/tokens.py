"""The token that a command speaks with: of CHAT_TOKEN or a file, and never of an argument, which everybody can list."""

import os
from pathlib import Path

from chat.cli.failing import CommandFailed

_MOST = 1 << 14
"""Characters of a file that are read: a token has a tenth of that at most."""


def given_token(file: str | None = None) -> str | None:
    """Return the token that is named, stripped of what an editor puts behind it; None: none is. Sync.

    Raises CommandFailed where it can't be one: it would be no header of HTTP, nor text of a frame.
    """
    spelled = "CHAT_TOKEN" if file is None else f"--token-file {file}"
    if file is None:
        token = os.environ.get("CHAT_TOKEN", "").strip()
    else:
        try:
            with Path(file).open(encoding="utf-8") as opened:
                token = opened.read(_MOST).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandFailed(f"{spelled}: {error}") from None
        if not token:
            raise CommandFailed(f"{spelled}: it is empty")
    if len(token) >= _MOST or not all(" " <= letter <= "~" for letter in token):
        raise CommandFailed(f"{spelled}: it is no token")
    return token or None
