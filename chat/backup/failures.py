"""Why there is no backup, or why one cannot be used, for its operator."""

from collections.abc import Iterator
from contextlib import contextmanager


class BackupFailed(Exception):
    """The backup or the restore ended without a result; the text is one line that says why and what to do."""


@contextmanager
def as_backup_failed(what: str) -> Iterator[None]:
    """Turn OSError into BackupFailed that begins with `what`, and take both out of exception groups."""
    failure: BackupFailed | None = None
    try:
        yield
    except* (BackupFailed, OSError) as group:
        error = first_of(group)
        failure = error if isinstance(error, BackupFailed) else BackupFailed(f"{what}: {error}")
    if failure is not None:
        raise failure


def first_of(error: BaseException) -> BaseException:
    """Return an error itself, or the first one in a group of them. Sync and pure."""
    return first_of(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
