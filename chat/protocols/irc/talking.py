"""What people say: messages, typing, redactions, and multiline messages. A draft is answered once it is committed."""

from typing import TYPE_CHECKING, NamedTuple

import trio

from chat.application import messages
from chat.domain.entities import Pair, People, Person
from chat.domain.limits.budgets import HOLD_BACK
from chat.domain.messages.live import Active, Status
from chat.domain.refusals import NO_ROOM, Refusal
from chat.domain.rooms.conversations import may_speak
from chat.domain.text.rules import clean_text
from chat.protocols.irc.answer import Answer
from chat.protocols.irc.answering import Lines
from chat.protocols.irc.caps import Cap
from chat.protocols.irc.encoder import seq_of
from chat.protocols.irc.handler import Handler, has_parameters, person_of, place_id, shown
from chat.protocols.irc.lines import Line, without_formatting
from chat.protocols.irc.multiline import Multiline
from chat.protocols.irc.names import is_channel

if TYPE_CHECKING:
    from chat.protocols.irc.client import IrcClient

_EVERY = 3.0
"""Seconds for which typing is not announced again to a room; clients of the web drop it after twice as long."""

_CTCP = "\x01"
_ACTION = "\x01ACTION "


class Target(NamedTuple):
    """Whom a message is for: a room, its people, and the other person of a conversation."""

    room_id: int
    people: People
    other: Person | None = None


async def notice(client: "IrcClient", line: Line, out: Lines) -> None:
    """Send a message as say() does; nothing answers it, not even a refusal (RFC 1459, section 4.4.2).

    Cancelling: as say().
    """
    begun = client.multiline
    await say(client, line, out)
    if begun is None or begun.ref != line.tags.get("batch"):  # else it is of the BATCH
        out.lines.clear()


async def say(client: "IrcClient", line: Line, out: Lines) -> None:
    """Send a message to a channel or a person, or add it to a multiline message.

    Cancelling: a message that was submitted may be saved, and is not acknowledged.
    """
    batch = line.tags.get("batch")
    if client.multiline is not None and batch == client.multiline.ref:
        await trio.lowlevel.checkpoint()
        if code := client.multiline.add(line):
            client.multiline = None
            out.refuse("BATCH", code, "the multiline message is not valid")
        return None
    if not line.params or not line.params[0]:
        await trio.lowlevel.checkpoint()
        return out.numeric("411", text=f"no recipient was given ({line.verb})")
    if len(line.params) < 2 or not line.params[1]:
        await trio.lowlevel.checkpoint()
        return out.numeric("412", text="no text was given")
    return await _say(client, line.verb, line.params[0], line.params[1], line, out)


async def _say(client: "IrcClient", verb: str, to: str, text: str, line: Line, out: Lines) -> None:
    session, services, person = client.session, client.services, client.person
    written = _as_text(text)
    if written is None:
        await trio.lowlevel.checkpoint()
        return out.refuse(verb, "CTCP_NOT_RELAYED", "of CTCP this server relays ACTION alone", shown(to))
    cleaned = clean_text(written)
    if isinstance(cleaned, Refusal):
        await trio.lowlevel.checkpoint()
        return out.fail(verb, cleaned, shown(to))
    if refusal := services.budgets.message(person.id, session.address, cleaned):
        out.fail(verb, refusal, shown(to))
        return await session.limits.hold_back(HOLD_BACK)
    if session.pending_drafts.pending:
        await session.pending_drafts.place_for(cleaned)
    target = await target_of(client, to)
    if isinstance(target, Refusal) or target is None:
        return _refuse_target(out, verb, to, target)
    reply = seq_of(line.tags.get("+draft/reply", ""), target.room_id)
    label, out.label = out.label, None  # the outcome answers the request
    # No await between the look-up of the room and here.
    await session.pending_drafts.submit(
        target.room_id,
        person,
        cleaned,
        people=target.people,
        reply=reply,
        answer=Answer(client, verb, shown(to), label),
    )
    other = target.other
    if verb == "PRIVMSG" and other is not None and services.statuses.status(other.id) is not Status.ONLINE:
        nick = client.directory.note_person(other.id, other.name)
        out.numeric("301", nick, text="is not here, and will find the message")
    return None


def _as_text(text: str) -> str | None:
    """Return a text as people of other protocols see it; None: it is CTCP, and no action."""
    if text.startswith(_ACTION):
        return f"/me {without_formatting(text[len(_ACTION) :].rstrip(_CTCP))}"
    return None if text.startswith(_CTCP) else without_formatting(text)


def _refuse_target(out: Lines, verb: str, to: str, refusal: Refusal | None) -> None:
    if refusal is not None and refusal is not NO_ROOM:
        if is_channel(to):
            return out.numeric("404", shown(to), text=refusal.text)
        return out.fail(verb, refusal, shown(to))
    if is_channel(to):
        return out.numeric("403", shown(to), text="there is no such channel, or you are not in it")
    return out.numeric("401", shown(to), text="there is nobody with that nick")


async def target_of(client: "IrcClient", to: str) -> Target | Refusal | None:
    """Return whom a message is for, if the person may send it now; None: nobody. Raises StorageDown.

    The caller submits the message before it awaits anything. Cancelling changes nothing.
    """
    services, person = client.services, client.person
    if is_channel(to):
        room_id = place_id(client, to)
        if room_id is None:
            await trio.lowlevel.checkpoint()
            return None
        if room_id in client.places and client.places[room_id].people is None:
            if room_id in client.session.subscriptions:  # the log ends memberships, and so the subscription
                await trio.lowlevel.checkpoint()
                if room_id in client.session.subscriptions:
                    return Target(room_id, None)
            return None
        access = await services.conversations.enter(person, room_id)
        if isinstance(access, Refusal):
            return access
        return may_speak(access) or (None if access.people is not None else Target(room_id, None))
    other = await person_of(client, to)
    if other is None:
        return None
    conversations = services.conversations
    room = await conversations.direct_room(person, other.id)
    return room if isinstance(room, Refusal) else Target(room, Pair(person.id, other.id), other)


async def batch(client: "IrcClient", line: Line, out: Lines) -> None:
    """Begin a multiline message, or send it. Cancelling: as say()."""
    if not has_parameters(line, out, 1) or len(line.params[0]) < 2:
        return await trio.lowlevel.checkpoint()
    sign, ref = line.params[0][0], line.params[0][1:]
    if sign == "+" and line.params[1:2] == ("draft/multiline",) and len(line.params) == 3:
        await trio.lowlevel.checkpoint()
        client.multiline = Multiline(ref[:64], line.params[2], line, out.label)
        out.label = None
        return None
    begun = client.multiline
    if sign == "-" and begun is not None and ref == begun.ref:
        client.multiline = None
        if begun.text.strip():
            out.label = begun.label
            await _say(client, begun.verb, begun.target, begun.text, Line(verb="BATCH", tags=begun.tags), out)
            if begun.verb == "NOTICE":
                out.lines.clear()
            return None
        out.refuse("BATCH", "MULTILINE_INVALID", "the multiline message is empty")
    else:
        out.refuse("BATCH", "INVALID_REFTAG", "there is no such batch", shown(ref))
    return await trio.lowlevel.checkpoint()


async def tags_alone(client: "IrcClient", line: Line, out: Lines) -> None:
    """Announce typing to the others in a room (IRCv3, typing); other tags are relayed to nobody.

    Cancelling: it is not announced.
    """
    state = line.tags.get("+typing")
    if not has_parameters(line, out, 1) or state not in ("active", "paused", "done"):
        return await trio.lowlevel.checkpoint()
    target = await target_of(client, line.params[0])
    if isinstance(target, Refusal) or target is None:
        return _refuse_target(out, "TAGMSG", line.params[0], target)
    now, last = trio.current_time(), client.announced.get(target.room_id)
    if (state == "active" and last is not None and now < last + _EVERY) or (
        state != "active" and last is None
    ):
        return None
    if not await client.session.limits.may_send(client.person_id, ""):
        return None
    client.announced = {room: at for room, at in client.announced.items() if now < at + 2 * _EVERY}
    if state == "active":
        client.announced[target.room_id] = now
    else:
        client.announced.pop(target.room_id, None)
    what = "typing" if state == "active" else "none"
    person = client.person
    notice = Active(
        target.room_id, target.people, person.id, person.name, "typing" if what == "typing" else "none"
    )
    client.services.notices.publish(notice, client.session.subscriptions)
    if Cap.ECHO in client.caps:
        out.add(f"@+typing={state} :{client.source} TAGMSG {line.params[0]}")
    return None


async def redact(client: "IrcClient", line: Line, out: Lines) -> None:
    """Delete a message (IRCv3, message-redaction). Cancelling: it may be deleted."""
    if not has_parameters(line, out, 2):
        return await trio.lowlevel.checkpoint()
    to, msgid = line.params[:2]
    if is_channel(to):
        known = place_id(client, to)
        if known is None or known not in client.places:
            await trio.lowlevel.checkpoint()
            return out.refuse("REDACT", "INVALID_TARGET", "you are not in such a channel", shown(to))
        room_id = known
    else:
        target = await target_of(client, to)
        if isinstance(target, Refusal) or target is None:
            return _refuse_target(out, line.verb, to, target)
        room_id = target.room_id
    seq = seq_of(msgid, room_id)
    if seq is None:
        return out.refuse("REDACT", "UNKNOWN_MSGID", "there is no such message", shown(to), shown(msgid))
    if not await client.session.limits.may_send(client.person_id, ""):
        return None
    outcome = await messages.delete(client.services, client.person, room_id, seq)
    if isinstance(outcome, Refusal):
        code = "UNKNOWN_MSGID" if outcome.reason == "no_message" else "REDACT_FORBIDDEN"
        out.refuse("REDACT", code, outcome.text, shown(to), shown(msgid))
    return None


COMMANDS: dict[str, Handler] = {
    "BATCH": batch,
    "NOTICE": notice,
    "PRIVMSG": say,
    "REDACT": redact,
    "TAGMSG": tags_alone,
}
