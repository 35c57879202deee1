"""Turn expected errors into one line on stderr without traceback: exit status 2 for settings, 1 for others."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from chat.backup.failures import BackupFailed
from chat.cli.command_failed import CommandFailed
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.startup import CannotStart
from chat.settings.config import ConfigError


class Misconfigured(CommandFailed):
    """A setting is wrong."""

    exit_code = 2


@contextmanager
def expected_errors() -> Iterator[None]:
    """Turn errors that the user can fix into CommandFailed, also inside exception groups.

    Other exceptions are bugs, and keep their traceback.
    """
    refused: CommandFailed | None = None
    interrupted = False
    try:
        yield
    except* CannotStart as group:
        error = _first(group)
        refused = Misconfigured(str(error)) if isinstance(error, ConfigError) else CommandFailed(str(error))
    except* BackupFailed as group:
        refused = CommandFailed(str(_first(group)))
    except* StorageDown:
        refused = CommandFailed("the database does not answer; try again")
    except* OutcomeUnknown:
        refused = CommandFailed(
            "the database did not confirm in time; check with `chat user list` before trying again"
        )
    except* KeyboardInterrupt:
        interrupted = True
    if refused:
        raise refused
    if interrupted:
        raise click.Abort


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
