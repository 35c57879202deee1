"""What the load generator is told: who connects where, proves who they are how, and says what (load/plan.c).

Our server gets what its dialects ask for. A peer passes messages on as they come, so it gets the same frames on a
path that says who hears them, and no tokens.
"""

from collections.abc import Iterator, Sequence

import msgspec

from bench.scenarios import HISTORY, Scenario
from chat.domain.entities import LOBBY_ID, Person


class Plan(msgspec.Struct, frozen=True):
    """The lines that the generator reads, and the flags that say how to understand what is heard."""

    lines: tuple[str, ...]
    flags: tuple[str, ...]


class Member(msgspec.Struct, frozen=True):
    """A person, with a token of the server's. A room is given where there are rooms."""

    person: Person
    token: str
    room_id: int = 0
    known: tuple[tuple[int, int, int], ...] = ()
    """How far a native client is: room, `pos` and `at` of each room that it knows."""


def plan(scenario: Scenario, members: Sequence[Member]) -> Plan:
    """Return the plan for our server. `members` are those who speak (or, in a storm, everyone)."""
    match scenario.dialect:
        case "rooms":
            return Plan(tuple(_rooms(scenario, members)), ("--marker", '"Text":"', "--ack", '"Type":"sent"'))
        case "direct":
            return Plan(tuple(_direct(scenario, members)), ("--marker", '"content":"', "--exact"))
        case "native":
            heard = ("--marker", '"text":"', "--ack", '"type":"send_ok"', "--beside", '"type":"members"')
            return Plan(tuple(_native(scenario, members)), heard)
        case "irc":
            return Plan(tuple(_irc(scenario, members)), _IRC)
    return Plan(tuple(_lobby(scenario, members)), ("--marker", '"message":"', "--exact"))


def plan_for_peer(scenario: Scenario) -> Plan:
    """Return the plan for a peer, which knows nobody."""
    match scenario.dialect:
        case "rooms":
            return Plan(tuple(_peer_rooms(scenario)), ("--marker", '"Text":"', "--exact"))
        case "direct":
            return Plan(tuple(_peer_direct(scenario)), ("--marker", '"content":"', "--exact"))
        case "native":
            return Plan(tuple(_peer_native(scenario)), ("--marker", '"text":"'))
        case "irc":
            return Plan(tuple(_peer_of_irc(scenario)), ("--marker", _SAID, "--exact"))
    return Plan(tuple(_lobby(scenario, ())), ("--marker", '"message":"', "--exact"))


def plan_for_irc_peer(scenario: Scenario) -> Plan:
    """Return the plan for another server of IRC, in which everybody joins the lobby.

    Few connect at once: ngircd has a short queue for those that it has not accepted.
    """
    return Plan(tuple(_irc(scenario, ())), (*_IRC, "--at-once", "8"))


def members_needed(scenario: Scenario) -> int:
    """How many must have an account: who only listens may stay anonymous, but for a storm and in rooms."""
    everyone = scenario.storm or scenario.dialect in ("rooms", "native", "irc")
    return scenario.connections if everyone else scenario.groups * scenario.speakers


def _line(*fields: object) -> str:
    return "\t".join(map(str, fields))


def _talker(name: str, text: str) -> str:
    return f'{{"name":"{name}","message":"{text}"}}'


def _authenticates(member: Member) -> str:
    name = member.person.name
    return _line("step", _talker(name, f"auth {member.token}"), f"authorised as {name}")


def _lobby(scenario: Scenario, members: Sequence[Member]) -> Iterator[str]:
    yield _line("group", 0)
    for place in range(scenario.speakers):
        name = members[place].person.name if members else f"speaker{place:04}"
        yield _line("conn", "/talker", 1)
        if members:
            yield _authenticates(members[place])
        prefix, suffix = _talker(name, "\t").split("\t")
        yield _line("speak", prefix, suffix)
    for place in range(scenario.listeners):
        yield _line("conn", "/talker", int(place >= scenario.deaf))
        if scenario.storm:
            yield _authenticates(members[place])
            yield _line("recall", _talker(members[place].person.name, f"history {HISTORY}"), HISTORY, "")


def _says_in_room() -> str:
    return _line("speak", '{"Type":"message","Text":"', '"}')


def _rooms(scenario: Scenario, members: Sequence[Member]) -> Iterator[str]:
    entered = '{"Type":"enter"}'
    for place, member in enumerate(members):
        place_in_room = place % scenario.members
        if place_in_room == 0:
            yield _line("group", 1)
        yield _line("conn", f"/ws?token={member.token}", 1)
        yield _line("step", "", entered)
        yield _line("step", f'{{"Type":"enter","RoomID":{member.room_id}}}', entered)
        if place_in_room < scenario.speakers:
            yield _says_in_room()


def _peer_rooms(scenario: Scenario) -> Iterator[str]:
    for room in range(scenario.groups):
        yield _line("group", 1)
        for _ in range(scenario.speakers):
            yield _line("conn", f"/rooms/{room}", 1)
            yield _says_in_room()


def _writes_to(one: int, other: int) -> str:
    return _line("speak", f'{{"from":{one},"to":{other},"content":"', '"}')


def _direct(scenario: Scenario, members: Sequence[Member]) -> Iterator[str]:
    for pair in zip(members[::2], members[1::2], strict=True):
        yield _line("group", 0)
        for one, other in (pair, pair[::-1]):
            yield _line("conn", f"/direct?token={one.token}", 1)
            yield _line("step", "", f"Connected with id {one.person.id}")
            yield _writes_to(one.person.id, other.person.id)


def _peer_direct(scenario: Scenario) -> Iterator[str]:
    for pair in range(scenario.groups):
        yield _line("group", 0)
        for one, other in ((2 * pair, 2 * pair + 1), (2 * pair + 1, 2 * pair)):
            yield _line("conn", f"/direct/{one}", 1)
            yield _writes_to(one, other)


_NUMBER = "#" * 10
"""The generator writes the message's number there."""


def _sends() -> str:
    """Its key and id are a number of the message's own; a one before it, because JSON's numbers begin with no zero."""
    sent = f'{{"type":"send","id":1{_NUMBER},"room":{LOBBY_ID},"key":"{_NUMBER}","text":"'
    return _line("speak", sent, '"}')


def _native(scenario: Scenario, members: Sequence[Member]) -> Iterator[str]:
    for place, member in enumerate(members):
        place_in_group = place % scenario.members
        if place_in_group == 0:
            yield _line("group", 1)
        yield _line("conn", "/api/v1/socket", 1)
        yield _line("step", f'{{"type":"hello","id":1,"token":"{member.token}"}}', '"type":"hello_ok"')
        known = ",".join(f'{{"room":{room},"pos":{pos},"at":{at}}}' for room, pos, at in member.known)
        # The lobby, which nobody knows, is told as it is, and first: there the newest message is.
        yield _line("step", f'{{"type":"sync","id":2,"known":[{known}]}}', '"type":"room"')
        synced = f'"type":"sync_ok","id":2,"rooms":{1 + scenario.rooms}'
        if scenario.storm:
            yield _line("recall", "", scenario.rooms * scenario.missed, synced)
            continue
        for _ in range(scenario.rooms):
            yield _line("step", "", '"type":"room"')
        yield _line("step", "", synced)
        if place_in_group < scenario.speakers:
            yield _sends()


def _peer_native(scenario: Scenario) -> Iterator[str]:
    """What is said has the same size, and its speaker hears it too."""
    yield _line("group", 1)
    for place in range(scenario.members):
        yield _line("conn", "/rooms/lobby", 1)
        if place < scenario.speakers:
            yield _sends()


_SAID = " PRIVMSG #lobby :"

_IRC = ("--lines", "--marker", _SAID, "--beside", " JOIN ")
"""Others may still come in when a connection is ready."""


def _irc(scenario: Scenario, members: Sequence[Member]) -> Iterator[str]:
    """Members log in by PASS, and are in their rooms then; without members, everybody joins the lobby."""
    for place in range(scenario.connections):
        if place % scenario.members == 0:
            yield _line("group", 0)
        yield _line("conn", "", 1)
        if members:
            yield _line("step", f"PASS {members[place].token}", "")
        yield _line("step", f"NICK speaker{place:04}", "")
        yield _line("step", "USER bench 0 * :bench", " 001 ")
        if not members:
            yield _line("step", "JOIN #lobby", "")
        # It is answered after all that was asked before.
        yield _line("step", "PING :ready", ":ready")
        if place % scenario.members < scenario.speakers:
            yield _line("speak", _SAID.lstrip(), "")


def _peer_of_irc(scenario: Scenario) -> Iterator[str]:
    """A frame has what a line has that is heard."""
    yield _line("group", 0)
    for place in range(scenario.members):
        yield _line("conn", "/talker", 1)
        if place < scenario.speakers:
            yield _line("speak", f":speaker{place:04}!u{place}@chat.localhost{_SAID}", '"')
