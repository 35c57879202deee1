"""Proves the WAL archive beside a backup: says which moments can be restored, and reads what came last."""

from collections.abc import Callable
from pathlib import Path

import trio

from chat.backup.moments import describe_spans, spans_in
from chat.backup.wal_segments import is_whole
from chat.backup.wal_series import WAL, bases_of, series_in


def prove_wal(target: Path, note: Callable[[bool | None, str], None]) -> None:
    """Note the moments that can be restored, and damaged segments since the last backup but one.

    Older ones were read by the proofs before. It blocks. Raises BackupFailed and OSError.
    """
    if not (target / WAL).is_dir():
        return
    spans = spans_in(target)
    for span, line in zip(spans, describe_spans(spans), strict=True):
        note(span.missing is None, line + (f"; then WAL is missing: {span.missing}" if span.missing else ""))
    if not spans:
        note(None, "the WAL archive has no WAL since a backup yet: no moment can be restored")
    for series in series_in(target)[-1:]:
        bases = bases_of(target, series)[-2:]
        first = min((series.first_of(wal) for _, base in bases if (wal := base.database.wal)), default=0)
        read, damaged = 0, []
        for segment in series.segments:
            trio.from_thread.check_cancelled()
            # The partial one is being written: it may be renamed at any time.
            if segment.number >= first and not segment.is_partial:
                read += 1
                if not is_whole(segment, series.origin.segment_bytes):
                    damaged.append(str(segment.path))
        wrong = f": {len(damaged)} are damaged, the first is {damaged[0]}" if damaged else ""
        note(not damaged, f"{read:,} segments of WAL since the last backup but one are whole{wrong}")
