"""The contexts that commands work with, for tests without a server."""

from pathlib import Path
from typing import cast

from chat.cli.talk.context import Context
from chat.cli.talk.settings import TalkSettings
from chat.cli.talk.state import State
from chat.client import Chat


def with_chat(chat: object, state: State) -> Context:
    """A context whose chat has only what a test asks of it, and where nothing is said."""
    return Context(
        cast("Chat", chat), state, TalkSettings(Path("/nowhere/settings.toml")), lambda *_, **__: None
    )
