"""How a client registers: capabilities, SASL or PASS, NICK and USER; and what it may send at any time."""

import math
import time
from base64 import b64decode
from typing import TYPE_CHECKING, NamedTuple

import trio

from chat import __version__
from chat.domain.closing import (
    OUTCOME_UNKNOWN,
    TOKEN_EXPIRED,
    TOO_MANY_SOCKETS,
    UNAUTHENTICATED,
    Closing,
    Retry,
)
from chat.domain.entities import Person
from chat.domain.failures import StorageDown
from chat.domain.messages.client_positions import CLIENT_LENGTH, POSITIONS
from chat.domain.refusals import BAD_CREDENTIALS, Code, Refusal
from chat.domain.text.rules import NAME_LENGTH, TOPIC_LENGTH
from chat.protocols.irc.answering import Lines
from chat.protocols.irc.caps import Cap, changed, names_of, offered
from chat.protocols.irc.entering import PAGE, enter
from chat.protocols.irc.handler import Handler, has_parameters, shown
from chat.protocols.irc.lines import Line
from chat.protocols.irc.names import key_of, name_of
from chat.protocols.irc.stream import goodbye

if TYPE_CHECKING:
    from chat.protocols.irc.client import IrcClient

_CHUNK = 400
"""Characters of one AUTHENTICATE; a shorter one ends the message (IRCv3, sasl-3.1)."""

_MOST_CHUNKS = 8
"""Parts of a SASL message: a token has 255 characters, a password 72 bytes."""

_CAPS_IN_LINE = 350
"""Bytes of capabilities in one line."""

QUIT = Closing(1000, "goodbye", Retry.NEVER)
"""The client has sent QUIT."""

HTTP = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""Commands of HTTP: a page of some site has a browser send them here."""

_NO_PASSWORD = Refusal(
    Code.UNAUTHENTICATED, "log in with SASL PLAIN, or with PASS name:password", reason="account_required"
)


class Credentials(NamedTuple):
    """What a client logs in with: `ada@phone` is Ada, with the client that she calls phone."""

    name: str
    client: str
    secret: str


async def cap(client: "IrcClient", line: Line, out: Lines) -> None:
    """Negotiate capabilities. Cancelling: as before, or as asked."""
    await trio.lowlevel.checkpoint()
    command = line.params[0].upper() if line.params else ""
    match command:
        case "LS":
            written = line.params[1] if len(line.params) > 1 else ""
            version = int(written) if written.isascii() and written.isdigit() and len(written) < 6 else 301
            client.cap_version = max(client.cap_version, version)
            if version >= 302:
                client.caps |= Cap.CAP_NOTIFY
            _negotiate(client)
            _list(out, "LS", offered(client.cap_version), is_split=version >= 302)
        case "LIST":
            _list(out, "LIST", names_of(client.caps), is_split=client.cap_version >= 302)
        case "REQ":
            _negotiate(client)
            wanted = line.params[1] if len(line.params) > 1 else ""
            caps = changed(client.caps, wanted.split(), client.cap_version)
            if caps is None:
                out.add(f":{out.host} CAP {out.nick} NAK :{wanted}")
            else:
                client.set_caps(caps)
                out.add(f":{out.host} CAP {out.nick} ACK :{wanted}")
        case "END":
            client.is_negotiating = False
            await register(client, out)
        case _:
            out.numeric("410", shown(command), text="CAP has LS, LIST, REQ and END")


def _negotiate(client: "IrcClient") -> None:
    client.is_negotiating = client.is_negotiating or not client.is_registered


def _list(out: Lines, command: str, names: list[str], *, is_split: bool) -> None:
    rows = [""]
    for name in names:
        if is_split and len(rows[-1]) + len(name) > _CAPS_IN_LINE:
            rows.append("")
        rows[-1] += f"{' ' if rows[-1] else ''}{name}"
    for row in rows[:-1]:
        out.add(f":{out.host} CAP {out.nick} {command} * :{row}")
    out.add(f":{out.host} CAP {out.nick} {command} :{rows[-1]}")


async def nick(client: "IrcClient", line: Line, out: Lines) -> None:
    """Take the nick; once the person is known, it is theirs. Cancelling: it is taken, or not."""
    await trio.lowlevel.checkpoint()
    if not line.params or not line.params[0]:
        return out.numeric("431", text="no nick was given")
    wanted = line.params[0]
    if name_of(wanted) is None or len(wanted) > NAME_LENGTH + 1 or not wanted.isprintable() or " " in wanted:
        return out.numeric("432", shown(wanted), text="no name of a person is written like that")
    if client.is_registered:
        if wanted != client.nick:
            out.numeric("447", text="your nick is your name here: change it in the web client")
        return None
    client.wanted = wanted
    return await register(client, out)


async def user(client: "IrcClient", line: Line, out: Lines) -> None:
    """Take the user name, which nothing is made of. Cancelling: it is taken, or not."""
    await trio.lowlevel.checkpoint()
    if client.is_registered:
        return out.numeric("462", text="you are registered already")
    if not has_parameters(line, out, 4):
        return None
    client.user = line.params[0]
    return await register(client, out)


async def password(client: "IrcClient", line: Line, out: Lines) -> None:
    """Keep what PASS has until the registration. Cancelling: it is kept, or not."""
    await trio.lowlevel.checkpoint()
    if client.is_registered:
        return out.numeric("462", text="you are registered already")
    if has_parameters(line, out, 1):
        client.password = line.params[0]
    return None


async def authenticate(client: "IrcClient", line: Line, out: Lines) -> None:
    """Log in by SASL PLAIN (RFC 4616). Cancelling: as who it was before, or as the new person."""
    await trio.lowlevel.checkpoint()
    if client.is_registered or client.person_id:
        return out.numeric("907", text="you have logged in already")
    if not has_parameters(line, out, 1):
        return None
    part = line.params[0]
    if part == "*":
        client.sasl = None
        return out.numeric("906", text="SASL was aborted")
    if client.sasl is None:
        if part.upper() != "PLAIN":
            out.numeric("908", "PLAIN", text="are the mechanisms")
            return out.numeric("904", text="this server has SASL PLAIN")
        client.sasl = ""
        return out.add("AUTHENTICATE +")
    if len(part) > _CHUNK or len(client.sasl) + len(part) > _MOST_CHUNKS * _CHUNK:
        client.sasl = None
        return out.numeric("905", text="the SASL message is too long")
    client.sasl += "" if part == "+" else part
    if len(part) == _CHUNK:
        return None
    written, client.sasl = client.sasl, None
    credentials = _plain(written)
    if isinstance(credentials, Refusal):
        return out.numeric("904", text=credentials.text)
    refusal = await log_in(client, credentials)
    if refusal is not None:
        return out.numeric("904", text=refusal.text)
    person = client.person
    nick = client.directory.note_person(person.id, person.name)
    source = client.directory.source(person.id, nick)
    out.numeric("900", source, nick, text=f"you are logged in as {person.name}")
    return out.numeric("903", text="SASL succeeded")


def _plain(written: str) -> Credentials | Refusal:
    """Read a message of SASL PLAIN."""
    try:
        raw = b64decode(written.encode("ascii"), validate=True).decode()
    except ValueError:  # UnicodeError is one
        return Refusal(Code.INVALID, "that is not base64 of UTF-8")
    parts = raw.split("\0")
    if len(parts) != 3 or not parts[1] or not parts[2]:
        return Refusal(Code.INVALID, "SASL PLAIN has a name and a password, each after a NUL")
    if parts[0] and key_of(parts[0]) != key_of(parts[1]):
        return Refusal(Code.FORBIDDEN, "nobody speaks for somebody else here")
    return _credentials(parts[1], parts[2])


def _credentials(login: str, secret: str) -> Credentials | Refusal:
    name, _, device = login.partition("@")
    if len(device) > CLIENT_LENGTH or not device.isprintable():
        return Refusal(Code.INVALID, f"the name of a client has at most {CLIENT_LENGTH} visible characters")
    return Credentials(name_of(name) or name, device, secret)


async def log_in(client: "IrcClient", credentials: Credentials) -> Refusal | None:
    """Log in by a token or a password. Raises StorageDown. Cancelling: nobody is logged in."""
    accounts, session = client.services.accounts, client.session
    expires_at = math.inf
    claims = accounts.tokens.read(credentials.secret) if credentials.secret.count(".") == 2 else None
    found: Person | Refusal
    if claims is not None:
        checked = await accounts.check(credentials.secret)
        if isinstance(checked, Refusal):
            return checked
        found, expires_at = checked.person, trio.current_time() + checked.claims.expires_at - time.time()
    else:
        granted = await accounts.log_in(credentials.name, credentials.secret, session.address)
        if isinstance(granted, Refusal):
            return granted
        found = granted.person
    if credentials.name and key_of(credentials.name) != key_of(found.name):
        return BAD_CREDENTIALS
    # No await since the person was read: from here on this session is notified of their changes.
    session.become(found)
    client.name = credentials.client
    client.expires_at = expires_at
    session.record.note(f"authenticated as {found.name}")
    return None


async def register(client: "IrcClient", out: Lines) -> None:
    """Welcome a client that has given all, and enter its rooms. Cancelling: it is not registered."""
    if client.is_registered or client.is_negotiating or not client.wanted or not client.user:
        return
    session = client.session
    if client.sasl is not None:
        client.sasl = None
        out.numeric("906", text="SASL was aborted")
    if not client.person_id:
        refusal = await _log_in_by_pass(client)
        if refusal is not None:
            out.numeric("464", text=refusal.text)
            out.fail("*", refusal)
            session.close(UNAUTHENTICATED)
            return
    person = client.person
    if not client.shared.add(person.id, client):
        session.close(TOO_MANY_SOCKETS)
        return
    client.is_registered = True
    session.close_at(client.expires_at, TOKEN_EXPIRED)
    client.nick = out.nick = client.directory.note_person(person.id, person.name)
    _welcome(client, out)
    session.send_frames(out.encoded(client.caps))
    out.lines.clear()
    out.label = None
    with session.pinger.paused():
        try:
            if Cap.HISTORY not in client.caps:
                client.position = await client.services.feature_ports[POSITIONS].read(
                    (person.id, client.name)
                )
                await client.wait_published(client.position or 0)
            await enter(client)
        except StorageDown:
            session.close(OUTCOME_UNKNOWN)
            return
    if Cap.HISTORY not in client.caps:
        client.begin_confirming()


async def _log_in_by_pass(client: "IrcClient") -> Refusal | None:
    if not client.password:
        return _NO_PASSWORD
    login, colon, secret = client.password.partition(":")
    if not colon:
        login, secret = "", client.password
        if secret.count(".") != 2:
            login = client.wanted
    credentials = _credentials(login, secret)
    client.password = ""
    return credentials if isinstance(credentials, Refusal) else await log_in(client, credentials)


def _welcome(client: "IrcClient", out: Lines) -> None:
    name = client.services.settings.server_name
    out.numeric("001", text=f"Welcome to {name}, {client.person.name}")
    out.numeric("002", text=f"Your host is {out.host}, running trio-chat {__version__}")
    out.numeric("003", text="This server keeps all messages")
    out.numeric("004", out.host, f"trio-chat-{__version__}", "i", "biotq")
    tokens = (
        "AWAYLEN=100",
        "CASEMAPPING=ascii",
        f"CHANNELLEN={NAME_LENGTH + 1}",
        "CHANMODES=b,,,int",
        "CHANTYPES=#&",
        f"CHATHISTORY={PAGE}",
        "CLIENTTAGDENY=*,-typing,-draft/reply",
        "KICKLEN=0",
        "MODES=1",
        "MSGREFTYPES=msgid,timestamp",
        f"NETWORK={escaped_token(name)}",
        f"NICKLEN={NAME_LENGTH + 1}",
        "PREFIX=(qo)~@",
        "SAFELIST",
        "TARGMAX=JOIN:,PRIVMSG:1,NOTICE:1,KICK:1,NAMES:1,WHOIS:1",
        f"TOPICLEN={TOPIC_LENGTH}",
        "UTF8ONLY",
    )
    for first in range(0, len(tokens), 13):
        out.numeric("005", *tokens[first : first + 13], text="are supported by this server")
    out.numeric("422", text="there is no message of the day")


def escaped_token(value: str) -> str:
    """Return a value of RPL_ISUPPORT as it is written. Sync and pure."""
    return "".join(rf"\x{ord(char):02X}" if char in " \\=" else char for char in value)


async def ping(client: "IrcClient", line: Line, out: Lines) -> None:
    """Answer, after everything that the client has sent before is done. Cancelling: there is no answer."""
    await trio.lowlevel.checkpoint()
    await client.wait_done()
    if has_parameters(line, out, 1):
        out.add(f":{out.host} PONG {out.host} :{line.params[0]}")


async def pong(_client: "IrcClient", _line: Line, _out: Lines) -> None:
    """Do nothing: PONGs are taken where lines are read."""
    await trio.lowlevel.checkpoint()


async def leave(client: "IrcClient", _line: Line, out: Lines) -> None:
    """End the session, after the messages that it has sent are settled. Cancelling: it ends."""
    client.session.record.peer_closed = True
    out.label = None
    await client.wait_done()
    client.session.close(QUIT)


async def http(client: "IrcClient", _line: Line, out: Lines) -> None:
    """End a connection of a browser: what follows may be the words of a page, and not of its reader."""
    await trio.lowlevel.checkpoint()
    out.add(goodbye("this is IRC, and no web server").decode().rstrip())
    client.session.send_queue.finish(out.encoded(Cap.NONE))
    out.lines.clear()
    client.session.close(QUIT)


COMMANDS: dict[str, Handler] = {
    "AUTHENTICATE": authenticate,
    "CAP": cap,
    "NICK": nick,
    "PASS": password,
    "PING": ping,
    "PONG": pong,
    "QUIT": leave,
    "USER": user,
    **dict.fromkeys(HTTP, http),
}
