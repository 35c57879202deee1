"""After all sweeps: every await line of `chat/` was cancelled, or is excused with a reason."""

import os
import subprocess
from pathlib import Path

import pytest
from trio_cancel_sweep import Line, Sweeper, SweptCode, all_lines

from tests.cancellation.excuses import EXCUSED
from tests.support.campaign import IS_FULL

TESTS = Path(__file__).parents[1]

FEWEST_SWEEPS = 40
"""Fewer ran when only some tests were asked for; then there is nothing to say here."""

IN_MAKE_SWEEP = (
    "features/address_bans/queries.py",
    "features/bots/queries.py",
    "features/canned_answers/queries.py",
    "features/clean_up/queries.py",
    "features/custom_emoji/queries.py",
    "features/dates/queries.py",
    "features/desk_report/queries.py",
    "features/drafts/queries.py",
    "features/earlier/queries.py",
    "features/folders/queries.py",
    "features/groups/queries.py",
    "features/hooks/bridges/queries.py",
    "features/hooks/outgoing/queries.py",
    "features/hooks/queries.py",
    "features/labels/queries.py",
    "features/notes/queries.py",
    "features/oidc/queries.py",
    "features/pictures/queries.py",
    "features/pins/queries.py",
    "features/positions/queries.py",
    "features/previews/queries.py",
    "features/push/ledger_queries.py",
    "features/push/missed/queries.py",
    "features/push/missed/sending.py",
    "features/push/quiet/queries.py",
    "features/push/quiet_reading.py",
    "features/push/subscription_queries.py",
    "features/ratings/queries.py",
    "features/reports/queries.py",
    "features/retention/conversation_queries.py",
    "features/retention/queries.py",
    "features/retention/row_queries.py",
    "features/review/queries.py",
    "features/saved/queries.py",
    "features/scheduled/queries.py",
    "features/search/queries.py",
    "features/second_factor/passkeys/queries.py",
    "features/second_factor/queries.py",
    "features/starting_rooms/queries.py",
    "features/statuses/queries.py",
    "features/teams/queries.py",
    "features/threads/queries.py",
    "features/transcripts/queries.py",
    "features/transfers/queries.py",
    "features/verified_visitors/queries.py",
    "features/visitor_list/queries.py",
    "storage/export_archive.py",
    "storage/postgres/access.py",
    "storage/postgres/account_removals.py",
    "storage/postgres/audit.py",
    "storage/postgres/changes.py",
    "storage/postgres/converting.py",
    "storage/postgres/drafts.py",
    "storage/postgres/exports.py",
    "storage/postgres/files.py",
    "storage/postgres/invites.py",
    "storage/postgres/removal.py",
    "storage/postgres/reviewing.py",
    "storage/postgres/room_changes.py",
    "storage/postgres/saving.py",
    "storage/postgres/sessions.py",
    "storage/postgres/set_up.py",
    "storage/postgres/settings.py",
    "storage/postgres/support.py",
    "storage/postgres/users.py",
    "storage/postgres/ways_in.py",
)
"""Where statements are: some of their sweeps on a real PostgreSQL are in `make sweep` alone."""


@pytest.mark.after_sweeps
def test_every_reachable_await_line_was_cancelled(cancel_sweep: Sweeper) -> None:
    if len(cancel_sweep.reports) < FEWEST_SWEEPS or cancel_sweep.failed:
        pytest.skip("only after all sweeps")
    root = cancel_sweep.swept.root
    reachable = {line for line in all_lines(root) if not excused(line, root) and is_swept_now(line, root)}
    missed = reachable - cancel_sweep.cancelled_at
    # Where time is real, a moment may come and go in another place than in the run that was looked at first.
    real = (
        *("storage/postgres/", "embedded_postgres/", "bus/", "engine/file_cleaner.py"),
        *(
            "features/pictures/queries.py",
            "features/pins/queries.py",
            "features/search/queries.py",
            "features/address_bans/queries.py",
            "features/slow_mode/queries.py",
            "features/exports/",
            "features/hooks/bridges/",
            "features/hooks/outgoing/",
            "features/previews/",
            "features/push/",
            "features/threads/queries.py",
            "storage/archives.py",
        ),
    )
    late = {
        line
        for line in missed & cancel_sweep.reached
        if str(Path(line.file).relative_to(root)).startswith(real)
    }
    wrong = [
        f"{Path(line.file).relative_to(root)}:{line.number}: {line.text}" for line in sorted(missed - late)
    ]
    assert not wrong, f"{len(wrong)} lines were never cancelled at:\n  " + "\n  ".join(wrong)
    assert len(late) <= 0.02 * len(reachable), f"too many were reached and never cancelled at: {late}"


def is_swept_now(line: Line, root: Path) -> bool:
    """Say whether the sweeps of this run are to cancel at a line."""
    return IS_FULL or not str(Path(line.file).relative_to(root)).startswith(IN_MAKE_SWEEP)


def excused(line: Line, root: Path) -> bool:
    """Whether a line stands in the list of those that can't be reached."""
    name = str(Path(line.file).relative_to(root))
    return any(name == each.file and each.text in line.text for each in EXCUSED)


def test_every_excuse_names_an_existing_line(swept_code: SweptCode) -> None:
    lines = all_lines(swept_code.root)
    for each in EXCUSED:
        assert any(
            line.file == f"{swept_code.root}/{each.file}" and each.text in line.text for line in lines
        ), each


def test_make_sweep_runs_every_file_of_sweeps() -> None:
    # USABLE, as the Makefile has it, may remove a .venv that is another directory's.
    command = ["make", "--dry-run", "USABLE=", "sweep"]
    path = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=TESTS.parent, env=path)
    run = {TESTS.parent / word for word in done.stdout.split() if word.startswith("tests/")}
    sweeping = {file for file in TESTS.rglob("test_*.py") if "cancel_sweep: Sweeper" in file.read_text()}
    assert {file for file in sweeping if not run & {file, *file.parents}} == set()
