"""`chat talk [URL]`: a chat client for the terminal.

Its modules, highest first:

    app            the tasks behind the screen; activities: the tasks for typing notices
    terminal       urwid: keys in, pictures out
    keys           the action of each key; commands: the slash commands, in four files with a context
    bell, room_log ring the bell and write the log for new messages; settings: whether to
    view           state to rows; transcript: messages to rows; width: columns and line breaks
    state          what is on the screen; completion, input_history, line_editor, pending, people, typists: parts of it
"""

from functools import partial
from urllib.parse import urlsplit

import click
import trio

from chat.cli.command_failed import CommandFailed, in_one_line
from chat.cli.password_prompt import prompt_password
from chat.cli.stored_sessions import DEFAULT_URL, StoredSession, last_session, stored_session
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

_LOGIN_ATTEMPTS = 3

_MAX_MESSAGES = 20_000
"""Messages of a room that are held: how far one can scroll back."""

_CODE_NEEDED = "a code of your second factor is needed"

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@click.command()
@click.argument("url", required=False)
@click.option("--name", metavar="NAME", help="Your name there, if you have several accounts.")
@click.option("--register", "is_new", is_flag=True, help="Create an account first.")
@click.option("--invite", metavar="CODE", help="With --register: the link or the code of your invite.")
def talk(url: str | None, name: str | None, is_new: bool, invite: str | None) -> None:
    """Chat in this terminal.

    URL is the server; by default the one you used last, or http://127.0.0.1:9000. It asks for your name and password
    once, and stores the session. A message that you send is stored until the server has saved it, even if the
    connection or the terminal ends. Type /help for its commands and keys.
    """
    if invite is not None and not is_new:
        raise click.UsageError("--invite is for --register")
    try:
        from chat.cli.talk import terminal
    except ModuleNotFoundError as error:
        if error.name != "urwid":
            raise
        raise CommandFailed("`chat talk` needs one more package: pip install 'trio-chat[talk]'") from None
    if not terminal.is_usable():
        raise CommandFailed(
            "`chat talk` needs a terminal; use `chat send ROOM` to send the output of a program"
        )
    kept = None if is_new else last_session(url, name)
    last = kept or last_session()
    where = (last.url if last else DEFAULT_URL) if url is None else url
    try:
        parse_url(where)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if kept is None:
        kept = _log_in_on_terminal(where, name, is_new, invite and invite_code(invite))
    while not _talk(kept):
        click.echo(f"the session of {kept.name} at {where} has ended: log in again")
        kept.forget()
        kept = _log_in_on_terminal(where, kept.name, False, None)


def invite_code(invite: str) -> str:
    """Return the code of an invite, given as a link or a code. Sync and pure."""
    return invite.strip().rstrip("/").rpartition("/i/")[2]


def _talk(kept: StoredSession) -> bool:
    """Run the client until the person quits; return False if the session has ended before."""
    failed: str | None = None
    has_ended = False
    try:
        trio.run(_run, kept)
    except* LoggedOut:
        has_ended = True
    except* ChatError as group:
        failed = f"{kept.url}: {group.exceptions[0]}"
    except* OSError as group:  # as a full disk: drafts cannot be stored
        failed = str(_first(group))
    except* KeyboardInterrupt:
        failed = "interrupted"
    if failed is not None:
        raise CommandFailed(failed)
    return not has_ended


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def _run(kept: StoredSession) -> None:
    from chat.cli.talk.app import App
    from chat.cli.talk.pending import PendingFiles
    from chat.cli.talk.room_log import RoomLog
    from chat.cli.talk.settings import TalkSettings
    from chat.cli.talk.state import State

    printed: set[str] = set()

    def print_once(failure: str) -> None:
        if failure not in printed:
            printed.add(failure)
            click.echo(f"{in_one_line(failure)}; trying again")

    click.echo(f"connecting to {kept.url} as {kept.name}; Ctrl-C quits")
    async with open_chat(
        kept.url, session_store=kept, max_cached_messages=_MAX_MESSAGES, on_connect_failure=print_once
    ) as chat:
        state = State(chat.rooms, chat.person_id, chat.name, urlsplit(kept.url).netloc)
        settings = TalkSettings(kept.path.with_name("settings.toml"))
        log = RoomLog(kept.path.with_suffix(".logs"), chat.rooms)
        await App(chat, state, PendingFiles(kept.path.with_suffix(".pending")), settings, log).run()
    if waiting := sum(pending.refused is None for pending in state.unsaved()):
        click.echo(f"{waiting} of your messages are not sent yet: `chat talk` sends them the next time")


def _log_in_on_terminal(url: str, name: str | None, is_new: bool, invite: str | None) -> StoredSession:
    """Ask for a name and a password until the log-in succeeds, and store the session."""
    if urlsplit(url).scheme in ("http", "ws") and urlsplit(url).hostname not in _LOOPBACK:
        click.echo(f"{url} is not encrypted: others on the network can read your password")
    for _ in range(_LOGIN_ATTEMPTS):
        given = name or click.prompt("Name")
        password = prompt_password(is_new=is_new)
        session = _begin(url, given, password, is_new, invite)
        if session == _CODE_NEEDED:
            session = _begin(url, given, password, is_new, invite, click.prompt("Code of your second factor"))
        if isinstance(session, Session):
            kept = stored_session(url, given)
            kept.save(session)
            return kept
        click.echo(in_one_line(session))
        name = None
    raise CommandFailed(f"not logged in at {url}")


def _begin(
    url: str, name: str, password: str, is_new: bool, invite: str | None, code: str | None = None
) -> Session | str:
    """Begin a session; return an error if the name, the password or the code is wrong, or a code is needed."""
    address = parse_url(url)
    begin = partial(register, invite=invite) if is_new else partial(log_in, code=code)
    try:
        return trio.run(begin, address, name, password)
    except Refused as error:
        # Bytes of the terminal that are not UTF-8 become surrogates.
        is_utf8 = not isinstance(error.__cause__, UnicodeEncodeError)
        return error.text if is_utf8 else "that is not UTF-8"
    except LoggedOut as error:
        return _CODE_NEEDED if error.reason == "code_needed" else str(error)
    except ChatError as error:
        raise CommandFailed(f"{url}: {error}") from None
