"""Commands for rooms and the people in them."""

from chat.cli.room_names import label, room_named
from chat.cli.talk.context import CommandError, Context, needed
from chat.client import Room

_MAX_PAGES = 100
"""Pages of a hundred members to search for a name."""

_INVITE_USES = 10
_INVITE_DAYS = 7


async def rooms(context: Context, part: str) -> None:
    """List the person's rooms, and public ones to join."""
    state = context.state
    lines = ["Your rooms:"]
    for n, number in enumerate(state.listed_rooms(), 1):
        info = state.rooms[number].info
        key = f"Alt-{n % 10}" if n <= 10 else ""
        unread = f"  {info.unread} unread" if info.unread else ""
        lines.append(f"  {key:5}  {label(info)}{unread}{f'  {info.topic}' if info.topic else ''}")
    public = await context.chat.http.public_rooms(part)
    lines += ["", "Public rooms to join:" if public else "There is no other public room."]
    lines += [
        f"  #{room.name}  {room.members} members{f'  {room.topic}' if room.topic else ''}" for room in public
    ]
    state.show("rooms", lines)


async def join(context: Context, name: str) -> None:
    """Join a public room, and open it."""
    chat, state = context.chat, context.state
    if (known := room_named(state.rooms, name)) is not None:
        return state.open(known)
    wanted = needed(name, "a room").removeprefix("#").casefold()
    found = [room for room in await chat.http.public_rooms(wanted[:64]) if room.name.casefold() == wanted]
    if not found:
        raise CommandError(f"there is no public room {name}: /rooms lists the public rooms")
    return state.open_when_known((await chat.http.join(found[0].id)).id)


async def new(context: Context, name: str) -> None:
    """Create a public room."""
    made = await context.chat.http.create_room(needed(name, "a name").removeprefix("#"))
    context.state.open_when_known(made.id)


async def leave(context: Context, name: str) -> None:
    """Leave a room."""
    chat, state = context.chat, context.state
    room = room_named(state.rooms, name) if name else state.room
    if room is None or room not in state.rooms:
        raise CommandError(f"you are in no room {name}")
    called = label(state.rooms[room].info)
    await chat.http.leave(room)
    state.notice = f"you have left {called}"


async def direct(context: Context, name: str) -> None:
    """Open the direct room with somebody."""
    person = await _find_person(context, needed(name, "a name"))
    context.state.open_when_known((await context.chat.http.direct_room(person)).id)


async def message(context: Context, rest: str) -> None:
    """Send a message to a person or a room, without opening the room."""
    usage = "a name and a text, as /msg ben good morning"
    to, text = await _split_recipient(context, needed(rest, usage))
    context.send(needed(text, usage), room=to)
    called = rest.removesuffix(text).strip()
    context.state.notice = f"to {called}: {text}"


async def who(context: Context, _rest: str) -> None:
    """List the members of the open room."""
    room = _current_room(context)
    called = label(room.info)  # another room may be open when the answer comes
    lines = []
    page = await context.chat.http.members(room.info.id)
    for member in page.members:
        context.state.people.add(member.person.id, member.person.name)
        role = "" if member.role == "member" else f"  {member.role}"
        lines.append(f"  {member.person.name}{role}")
    if page.next is not None:
        lines.append("  … and more")
    lines.sort(key=str.casefold)
    context.state.show(f"who is in {called}", lines)


async def topic(context: Context, text: str) -> None:
    """Show or change the topic of the open room."""
    room = _current_room(context)
    if text:
        changed = await context.chat.http.change_room(room.info.id, topic="" if text == "-" else text)
        context.state.notice = f"topic: {changed.topic}" if changed.topic else "the topic was removed"
    else:
        context.state.notice = room.info.topic or "this room has no topic: /topic TEXT sets one"


async def invite(context: Context, name: str) -> None:
    """Add somebody to the open room, or create a link by which people join it."""
    room = _current_group_room(context)
    called = label(room.info)
    if name:
        await context.chat.http.add_member(room.info.id, await _find_person(context, name))
        context.state.notice = f"{name} is in {called} now"
        return
    made = await context.chat.http.create_invite(room.info.id, uses=_INVITE_USES, days=_INVITE_DAYS)
    context.state.show(
        f"invitation to {called}",
        [
            made.link or made.url,
            "",
            f"{_INVITE_USES} people can join with this link, within {_INVITE_DAYS} days.",
        ],
    )


async def kick(context: Context, name: str) -> None:
    """Remove somebody from the open room."""
    room = _current_group_room(context)
    person = await _find_person(context, needed(name, "a name"))
    await context.chat.http.remove_member(room.info.id, person)
    context.state.notice = f"{name} was removed from {label(room.info)}"


def _current_room(context: Context) -> Room:
    room = context.state.current
    if room is None:
        raise CommandError("you are in no room")
    return room


def _current_group_room(context: Context) -> Room:
    room = _current_room(context)
    if room.info.kind != "room":
        raise CommandError(f"{label(room.info)} has no members to add or remove: open a room with /room ROOM")
    return room


async def _find_person(context: Context, name: str) -> int:
    """The id of the person with this name."""
    people, here = context.state.people, context.state.current
    person = people.find(name, here)
    if person is None:
        await _load_lobby_members(context)
        person = people.find(name, here)
    if person is None:
        raise CommandError(f"nobody here is called {name}")
    return person


async def _split_recipient(context: Context, rest: str) -> tuple[int, str]:
    """Split a line into the room of its recipient, a `#room` or a person, and the text."""
    if rest.startswith("#"):
        called, _, text = rest.partition(" ")
        if (number := room_named(context.state.rooms, called)) is None:
            raise CommandError(f"you are in no room {called}: /join {called} joins it")
        return number, text.strip()
    people, here = context.state.people, context.state.current
    if (found := people.split_recipient(rest, here)) is None:
        await _load_lobby_members(context)
        found = people.split_recipient(rest, here)
    if found is None:
        raise CommandError(f"nobody here is called {rest.split()[0]}")
    person, text = found
    return (await context.chat.http.direct_room(person)).id, text


async def _load_lobby_members(context: Context) -> None:
    """Load the names of all members of the lobby: everybody is in it."""
    state = context.state
    lobby = next((number for number, room in state.rooms.items() if room.info.kind == "lobby"), None)
    after = 0
    for _ in range(_MAX_PAGES if lobby is not None else 0):
        assert lobby is not None
        page = await context.chat.http.members(lobby, after)
        for member in page.members:
            state.people.add(member.person.id, member.person.name)
        if page.next is None:
            return
        after = page.next
