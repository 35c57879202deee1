"""`chat import`: brings an archive into a server, while it runs or does not."""

import shutil
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chat.cli.archives import progress_lines, with_files_and_storage
from chat.cli.flags import config_flags
from chat.cli.table import table

if TYPE_CHECKING:
    from chat.archive.plan import Plan
    from chat.settings.config import Config
    from chat.storage.file_store import DiskFileStore
    from chat.storage.postgres.storage import PostgresStorage


@click.command("import")
@click.argument("archive", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "source",
    metavar="CHAT",
    type=click.Choice(["discord", "mattermost", "rocketchat", "slack", "zulip"]),
    help="ARCHIVE is an export of another chat: discord, mattermost, rocketchat, slack or zulip.",
)
@click.option(
    "--work",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where an export of another chat becomes an archive, as large as itself; by default beside it.",
)
@click.option("--fetch-files", is_flag=True, help="Fetch files that an export of Slack only links to.")
@click.option(
    "--token-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="With --fetch-files: a token of the workspace, where the links have none.",
)
@click.option("--dry-run", is_flag=True, help="Print what an import would do, and do nothing.")
@config_flags("data", "database_url", "files", "bcrypt_cost")
def import_(
    archive: Path,
    source: str | None,
    work: Path | None,
    fetch_files: bool,
    token_file: Path | None,
    dry_run: bool,
    **flags: object,
) -> None:
    """Bring an archive into the server.

    ARCHIVE is a directory that `chat export` made, the zip file of one, or with --from what another chat exported. An
    archive of a whole server goes into an empty server with all its numbers. Any other one is added: its rooms become
    new rooms, and its people accounts without a password, which they take over by a link to their address ("Forgot your
    password?"), or with a password that `chat user password` sets. Nobody is notified. A command that was cut off goes
    on when it is run again, and a later archive of the same server adds messages that are newer.
    """
    if (fetch_files and source != "slack") or (token_file is not None and not fetch_files):
        raise click.UsageError("--fetch-files goes with --from slack, and --token-file with --fetch-files")
    token = "" if token_file is None else _read_token(token_file)
    kind = source or ("archive" if archive.is_file() else None)
    made: list[Path] = []

    async def act(
        storage: "PostgresStorage", store: "DiskFileStore | None", config: "Config"
    ) -> tuple["Plan", Counter[str]]:
        import trio

        from chat.archive.directory import ArchiveReader
        from chat.archive.load import Load
        from chat.domain.accounts.passwords import Passwords
        from chat.imports.registry import converted, held, place_of
        from chat.imports.slack.files import SlackFiles
        from chat.outbound.client import open_outbound

        unusable = Passwords(config.bcrypt_cost).unusable_hash()
        lost: Counter[str] = Counter()
        with progress_lines() as report, ExitStack() as stack:
            directory = archive
            if kind is not None:
                place = await trio.to_thread.run_sync(place_of, archive, work)
                stack.enter_context(held(place))
                kept = place.with_name(f"{place.name}.files")
                directory = place.with_name(f"{place.name}{'.whole' if fetch_files else ''}.archive")
                made.extend((directory, kept))
                async with open_outbound(tuple) as outbound:
                    files, more = SlackFiles(outbound, kept, token), dict[str, object]()
                    if fetch_files:
                        more["fetch"] = lambda wanted: trio.from_thread.run(files.fetch, wanted)
                    convert = partial(
                        converted, kind, archive, directory, partial(report, "converting"), **more
                    )
                    lost = await trio.to_thread.run_sync(convert)
            load = Load(storage.database, store, ArchiveReader(directory), unusable, lambda at: report(*at))
            plan = await load.plan()
            if not dry_run:
                await load.run(plan)
                for each in made:
                    shutil.rmtree(each, ignore_errors=True)
        return plan, lost

    plan, lost = with_files_and_storage(flags, act, may_create=not dry_run)
    click.echo("\n".join(table([["", "WOULD BE IMPORTED" if dry_run else "IMPORTED"], *_rows(plan)])))
    if all_lost := lost + plan.lost:
        click.echo("\nleft out, or other than before:")
        click.echo("\n".join(f"{count:>9,}  {what}" for what, count in sorted(all_lost.items())))


def _read_token(path: Path) -> str:
    try:
        token = path.read_text("ascii", "replace").strip()
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}", param_hint="--token-file") from None
    if not token.isprintable() or " " in token or not token:
        raise click.BadParameter(f"{path} has no token", param_hint="--token-file")
    return token


def _rows(plan: "Plan") -> list[list[str]]:
    rooms = list(plan.rooms.values())
    rows = [
        ("people", len(plan.people)),
        ("rooms", plan.new_rooms),
        ("messages", plan.new + plan.added),
        ("files", plan.files),
        ("here already: rooms", sum(room.is_there for room in rooms)),
        ("here already: messages", plan.known),
        *((f"{kind} since", count) for kind, count in plan.changed.items()),
    ]
    return [[what, f"{count:,}"] for what, count in rows]
