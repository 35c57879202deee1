"""`chat talk [URL]`: the chat in a terminal.

The files, as they build on each other:

    app            the tasks behind the screen; activities: those behind typing
    terminal       urwid: keys in, pictures out
    keys           what each key does; commands: what is typed after a slash, in four files and with a context
    bell, room_log what a message does beside being shown; settings: whether it does
    view           state -> rows; transcript: messages -> rows; width: how wide they are
    state          what is on the screen; completion, line_editor, typed_history, pending, people, typists: parts
"""

from functools import partial
from urllib.parse import urlsplit

import click
import trio

from chat.cli.failing import CommandFailed, in_one_line
from chat.cli.kept_sessions import DEFAULT_URL, KeptSession, last_session, session_of
from chat.cli.passwords import typed_password
from chat.client import (
    ChatError,
    LoggedOut,
    Refused,
    Session,
    log_in,
    open_chat,
    parse_url,
    register,
)

_TRIES = 3
"""Wrong passwords before it ends."""

_KEEP = 20_000
"""Messages of a room that are held: as far as one scrolls back."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@click.command()
@click.argument("url", required=False)
@click.option("--name", metavar="NAME", help="Who you are, if you have several accounts there.")
@click.option("--register", "is_new", is_flag=True, help="Create an account there first.")
@click.option("--invite", metavar="CODE", help="With --register: your invite, its link or its code.")
def talk(url: str | None, name: str | None, is_new: bool, invite: str | None) -> None:
    """Chat in this terminal.

    URL is the server; by default the one you used last, or http://127.0.0.1:9000. It asks for your name and password
    once, and keeps the session. What you type is kept until the server has saved it, whatever becomes of the connection
    or of the terminal. Type /help for its commands and keys.
    """
    if invite is not None and not is_new:
        raise click.UsageError("--invite is for --register")
    try:
        from chat.cli.talk import terminal
    except ModuleNotFoundError as error:
        if error.name != "urwid":
            raise
        raise CommandFailed("`chat talk` needs one more package: pip install 'trio-chat[talk]'") from None
    if not terminal.is_there():
        raise CommandFailed("`chat talk` needs a terminal; `chat send ROOM` says what comes from a pipe")
    kept = None if is_new else last_session(url, name)
    last = kept or last_session()
    where = (last.url if last else DEFAULT_URL) if url is None else url
    try:
        parse_url(where)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if kept is None:
        kept = _enter(where, name, is_new, invite and code_of(invite))
    while not _talk(kept):
        click.echo(f"the session of {kept.name} at {where} has ended: log in again")
        kept.forget()
        kept = _enter(where, kept.name, False, None)


def code_of(invite: str) -> str:
    """Return the code of an invite, which may be given as its link. Sync and pure."""
    return invite.strip().rstrip("/").rpartition("/i/")[2]


def _talk(kept: KeptSession) -> bool:
    """Chat until the person ends it; return False where the session ends before."""
    failed: str | None = None
    has_ended = False
    try:
        trio.run(_run, kept)
    except* LoggedOut:
        has_ended = True
    except* ChatError as group:
        failed = f"{kept.url}: {group.exceptions[0]}"
    except* OSError as group:  # a full disk: what is typed can't be kept
        failed = str(_first(group))
    except* KeyboardInterrupt:
        failed = "interrupted"
    if failed is not None:
        raise CommandFailed(failed)
    return not has_ended


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def _run(kept: KeptSession) -> None:
    from chat.cli.talk.app import App
    from chat.cli.talk.pending import PendingFiles
    from chat.cli.talk.room_log import RoomLog
    from chat.cli.talk.settings import TalkSettings
    from chat.cli.talk.state import State

    told: set[str] = set()

    def tell(failure: str) -> None:
        if failure not in told:
            told.add(failure)
            click.echo(f"{in_one_line(failure)}; trying again")

    click.echo(f"connecting to {kept.url} as {kept.name}; Ctrl-C ends it")
    async with open_chat(
        kept.url, session_store=kept, max_cached_messages=_KEEP, on_connect_failure=tell
    ) as chat:
        state = State(chat.rooms, chat.person_id, chat.name, urlsplit(kept.url).netloc)
        settings = TalkSettings(kept.path.with_name("settings.toml"))
        log = RoomLog(kept.path.with_suffix(".logs"), chat.rooms)
        await App(chat, state, PendingFiles(kept.path.with_suffix(".pending")), settings, log).run()
    if waiting := sum(pending.refused is None for pending in state.waiting()):
        click.echo(f"{waiting} of your messages are not saved yet: they are sent the next time you talk")


def _enter(url: str, name: str | None, is_new: bool, invite: str | None) -> KeptSession:
    """Ask for a name and a password until they are good, and keep the session."""
    if urlsplit(url).scheme in ("http", "ws") and urlsplit(url).hostname not in _LOOPBACK:
        click.echo(f"{url} is not encrypted: whoever is between here and there can read your password")
    for _ in range(_TRIES):
        given = name or click.prompt("Name")
        password = typed_password(is_new=is_new)
        if isinstance(session := _begin(url, given, password, is_new, invite), Session):
            kept = session_of(url, given)
            kept.save(session)
            return kept
        click.echo(in_one_line(session))
        name = None
    raise CommandFailed(f"not logged in at {url}")


def _begin(url: str, name: str, password: str, is_new: bool, invite: str | None) -> Session | str:
    """Begin a session; return what is wrong with name or password."""
    address = parse_url(url)
    begin = partial(register, invite=invite) if is_new else log_in
    try:
        return trio.run(begin, address, name, password)
    except Refused as error:
        is_text = not isinstance(
            error.__cause__, UnicodeEncodeError
        )  # else it is bytes that the terminal gave
        return error.text if is_text else "that is not UTF-8"
    except LoggedOut as error:
        return str(error)
    except ChatError as error:
        raise CommandFailed(f"{url}: {error}") from None
