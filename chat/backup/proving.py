"""Proves a backup: reads all of it, starts its database privately, and compares that with the manifest."""

import json
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import trio

from chat.backup.connection import Connection, open_connection
from chat.backup.copies import COUNTED, LONGEST, can_be_continued, reach_by_socket
from chat.backup.encryption import SUFFIX, Identities
from chat.backup.failures import BackupFailed, as_backup_failed, first_of
from chat.backup.kept import kept_plain
from chat.backup.making import DATABASE, ENCRYPTED, FILES, decrypt_parts, read_checksums
from chat.backup.manifest import Manifest, chain_of, digest_of, read_manifest
from chat.backup.pace import Pace
from chat.backup.placing import open_placed
from chat.backup.programs import find_program, run_program
from chat.backup.scratch import PLAIN, open_scratch
from chat.backup.wal_proof import prove_wal
from chat.domain.startup import CannotStart
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress

_READING_RATE = 200e6
"""Bytes a second that are read, so that others need not wait for the disk."""

_GROWING = COUNTED | {"messages", "changes"}
"""Tables whose rows are compared for a copy of files; earlier ones counted messages and changes too."""

# Retention has removed messages below `first_seq`, and changes below `floor`, in databases that have these columns.
_ROOMS = """
WITH bounds AS MATERIALIZED (
    SELECT id, last_seq, last_pos,
        coalesce((to_jsonb(rooms) ->> 'first_seq')::bigint, 1) AS first_seq,
        greatest((to_jsonb(rooms) ->> 'floor')::bigint, 1) AS floor
    FROM rooms WHERE deleted_at IS NULL
), said AS (
    SELECT room_id, count(*) AS number, max(seq) AS seq, max(pos) AS pos, count(*) FILTER (WHERE pos >= floor) AS above
    FROM messages JOIN bounds ON bounds.id = room_id WHERE seq >= first_seq GROUP BY room_id
), changed AS (
    SELECT room_id, count(*) AS above, max(pos) AS pos
    FROM changes JOIN bounds ON bounds.id = room_id WHERE pos >= floor GROUP BY room_id
)
SELECT id FROM bounds LEFT JOIN said ON said.room_id = id LEFT JOIN changed ON changed.room_id = id
WHERE (coalesce(said.number, 0), coalesce(said.seq, 0)) <> (last_seq - first_seq + 1, last_seq)
    OR coalesce(said.above, 0) + coalesce(changed.above, 0) <> last_pos - floor + 1
    OR greatest(coalesce(said.pos, 0), coalesce(changed.pos, 0)) <> last_pos
ORDER BY id"""
_ROOM_COUNT = "SELECT count(*) FROM rooms WHERE deleted_at IS NULL"
_DIGESTS = "SELECT DISTINCT encode(digest, 'hex') AS digest FROM files"
_AMCHECK = "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'"


class Check(NamedTuple):
    """One thing that was looked at, in a line for operators; `is_well` None: it could not be looked at."""

    is_well: bool | None
    what: str


async def prove(
    backup: Path,
    *,
    scratch: Path | None = None,
    identities: Identities | None = None,
    files: Collection[str] | None = None,
    data: Path | None = None,
    report: Callable[[str], None],
    found: Callable[[Check], None],
) -> bool | None:
    """Prove a backup; `found` gets each check as it is made.

    Returns whether all went well; None: as far as it could be read without an identity.

    Args:
        backup: the backup.
        scratch: where its database runs.
        identities: decrypt it if it is encrypted; without them its checksums are compared.
        files: the digests of the attached files, if they are elsewhere than in the backup.
        data: the data directory of the server. Without identities the plain copy is proven that an encrypted backup was
            made of, if it is there.
        report: called with the name of each step.
        found: called with each check.

    Its database runs in a new directory in `scratch`, which needs as much space as the database, and is removed. Raises
    BackupFailed if it can't be looked at. Cancelling: the directory is removed.
    """
    checks: list[Check] = []

    def note(is_well: bool | None, what: str) -> None:
        checks.append(Check(is_well, what))
        found(checks[-1])

    pace = Pace(_READING_RATE)
    with as_backup_failed(f"cannot read the backup {backup}"):
        manifest = await trio.to_thread.run_sync(read_manifest, backup)
        report("reading the files of the backup")
        await trio.to_thread.run_sync(prove_wal, backup.parent, note)
        if manifest.recipients:
            read, wrong = await trio.to_thread.run_sync(_wrong_encrypted, backup, pace)
            note(not wrong, _listed(f"{read:,} encrypted files", "checksums", wrong))
        plain = backup
        async with AsyncExitStack() as stack:
            if manifest.recipients and identities is None:
                kept = stack.enter_context(kept_plain(data, backup.name)) if data else None
                if data is None or kept is None:
                    was_proven = not can_be_continued(manifest.database)
                    how = "it was proven before that" if was_proven else "its plain copy is not here"
                    note(None, f"encrypted: {how}; --identity FILE proves it now")
                    return False if wrong else was_proven or None
                (plain, files), scratch = kept, data / PLAIN
                manifest = read_manifest(plain)
                note(True, "the plain copy that it was made of is here")
            await _prove_plain(backup, plain, manifest, scratch, identities, files, pace, note, report)
    return all(check.is_well is not False for check in checks)


async def _prove_plain(
    backup: Path,
    plain: Path,
    manifest: Manifest,
    scratch: Path | None,
    identities: Identities | None,
    files: Collection[str] | None,
    pace: Pace,
    note: Callable[[bool | None, str], None],
    report: Callable[[str], None],
) -> None:
    try:
        async with open_scratch(scratch) as data, open_asyncio():
            if manifest.recipients and identities is not None:
                report("decrypting")
                into = data.parent / "plain"
                plain = await trio.to_thread.run_sync(decrypt_parts, backup, into, identities)
                manifest = read_manifest(plain)
            chain = await trio.to_thread.run_sync(chain_of, plain)
            read, wrong = await trio.to_thread.run_sync(_wrong_parts, plain, chain, pace)
            note(not wrong, _listed(f"{read:,} files of database, secret and settings", "checksums", wrong))
            if files is None:
                digests, damaged = await trio.to_thread.run_sync(
                    _digests_in, backup / FILES, identities, pace
                )
                note(not damaged, _listed(f"{len(digests):,} attached files", "digests", damaged))
            else:
                digests = {*files}
            async with open_placed(plain, manifest, data, durable=False, report=report) as address:
                note(True, "its database starts")
                async with open_connection(address) as connection:
                    await _compare(connection, manifest, digests, note, report)
                    await _check_indexes(connection, address, note, report)
    except* (CannotStart, BackupFailed, OSError) as group:
        note(False, f"its database: {first_of(group)}")


def _listed(what: str, by: str, wrong: list[str]) -> str:
    if not wrong:
        return f"{what} have their {by}"
    return f"{what}: {len(wrong)} have other {by}, the first is {wrong[0]}"


def _wrong_parts(backup: Path, chain: list[Path], pace: Pace) -> tuple[int, list[str]]:
    """Return the number of files in the backup and those that it needs, and which are not as they were written."""
    read, wrong = 0, []
    expected = [*read_manifest(backup).checksums.items()]
    parts: list[tuple[Path, str]] = [(backup / name, checksum) for name, checksum in expected]
    for each in chain:
        database = each / DATABASE
        parts += [(database / name, sum_) for name, sum_ in read_manifest(each).database.checksums.items()]
        parts += _of_postgres(database / "backup_manifest")
    for path, checksum in parts:
        read += 1
        if not _has(path, checksum, pace):
            wrong.append(str(path))
    return read, wrong


def _wrong_encrypted(backup: Path, pace: Pace) -> tuple[int, list[str]]:
    """Return the number of encrypted files in the backup and those below it, and which are not as they were written.

    Attached files are those of the backup itself.
    """
    try:
        chain = chain_of(backup)
    except BackupFailed as error:
        return 0, [str(error)]
    parts = [(each / name, sum_) for each in chain for name, sum_ in read_manifest(each).checksums.items()]
    if all(_has(path, sum_, pace) for path, sum_ in parts if path == backup / ENCRYPTED):
        parts += [(backup / name, checksum) for name, checksum in read_checksums(backup).items()]
    wrong = []
    for path, checksum in parts:
        if not _has(path, checksum, pace):
            wrong.append(str(path.relative_to(backup.parent)))
    return len(parts), wrong


def _of_postgres(manifest: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files that PostgreSQL's own manifest lists, with their SHA-256."""
    if manifest.exists():
        for file in json.loads(manifest.read_bytes())["Files"]:
            name = file["Path"] if "Path" in file else os.fsdecode(bytes.fromhex(file["Encoded-Path"]))
            if file.get("Checksum-Algorithm") == "SHA256":
                yield manifest.parent / name, file["Checksum"]


def _has(path: Path, checksum: str, pace: Pace) -> bool:
    try:
        return digest_of(path, pace) == checksum
    except OSError:
        return False


def _digests_in(files: Path, identities: Identities | None, pace: Pace) -> tuple[set[str], list[str]]:
    """Return the digests of the attached files, and which of them have other bytes."""
    digests, damaged = set(), []
    for path in sorted(files.glob("[0-9a-f][0-9a-f]/*")):
        trio.from_thread.check_cancelled()
        try:
            if path.suffix == SUFFIX and identities is not None:
                digests.add(identities.digest_of(path))
            elif digest_of(path, pace) == path.name:
                digests.add(path.name)
            else:
                damaged.append(path.name)
        except (OSError, BackupFailed):
            damaged.append(path.name)
    return digests, damaged


async def _compare(
    connection: Connection,
    manifest: Manifest,
    digests: set[str],
    note: Callable[[bool | None, str], None],
    report: Callable[[str], None],
) -> None:
    report("comparing the rows")
    newest = await connection.value("SELECT last_id FROM lanes WHERE id = 1")
    note(
        newest >= manifest.newest_id,
        f"the log ends at {newest}, and the backup began at {manifest.newest_id}",
    )
    rows = await connection.count_rows()
    expected = manifest.database.rows
    compared = [
        name for name in expected if manifest.database.kind == "dump" or name in _GROWING or name not in rows
    ]
    wrong = [
        f"{name} has {rows.get(name, 'none')} of {expected[name][0]}"
        for name in compared
        if not expected[name][0] <= rows.get(name, -1) <= expected[name][1]
    ]
    note(
        not wrong,
        f"{sum(rows.values()):,} rows in {len(rows)} tables" + (f": {', '.join(wrong)}" if wrong else ""),
    )
    gaps = [row["id"] for row in await connection.rows(_ROOMS)]
    rooms = await connection.value(_ROOM_COUNT)
    note(not gaps, f"{rooms:,} rooms without a gap" if not gaps else f"rooms with gaps: {gaps[:10]}")
    if manifest.files is None:
        note(None, "attached files are not part of the backup")
    elif await connection.has("files"):
        missing = {row["digest"] for row in await connection.rows(_DIGESTS)} - digests - set(manifest.damaged)
        lost = f": {len(missing)} lack them, the first is {min(missing)}" if missing else ""
        note(not missing, f"rows of files have their bytes{lost}")


async def _check_indexes(
    connection: Connection,
    address: DatabaseAddress,
    note: Callable[[bool | None, str], None],
    report: Callable[[str], None],
) -> None:
    if not await connection.value(_AMCHECK):
        return note(None, "indexes are not looked at: this PostgreSQL has no amcheck")
    report("checking tables and indexes")
    try:
        program = await find_program("pg_amcheck", connection.postgres)
        where = [*reach_by_socket(address), "--database", str(address["database"])]
        await run_program([program.path, *where, "--install-missing"], timeout=LONGEST)
    except BackupFailed as error:
        return note(False, str(error))
    return note(True, "tables and indexes are sound")
