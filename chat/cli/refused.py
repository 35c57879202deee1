"""What a command can't do is one line on stderr and no traceback: status 2 for a setting, 1 for the rest."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from chat.cli.failing import CommandFailed
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.startup import CannotStart
from chat.settings.config import ConfigError


class Misconfigured(CommandFailed):
    """A setting is wrong."""

    exit_code = 2


@contextmanager
def one_line_refusals() -> Iterator[None]:
    """Turn what the person who runs a command can mend into `CommandFailed`, however deep in groups it arrives.

    Anything else is a bug, and rises with its traceback.
    """
    refused: CommandFailed | None = None
    interrupted = False
    try:
        yield
    except* CannotStart as group:
        error = _first(group)
        refused = Misconfigured(str(error)) if isinstance(error, ConfigError) else CommandFailed(str(error))
    except* StorageDown:
        refused = CommandFailed("the database does not answer, try again")
    except* OutcomeUnknown:
        refused = CommandFailed(
            "the database did not confirm in time: look with `chat user list` before trying again"
        )
    except* KeyboardInterrupt:
        interrupted = True
    if refused:
        raise refused
    if interrupted:
        raise click.Abort


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
