"""Commands for rooms and the people in them."""

from chat.cli.room_names import label, room_named
from chat.cli.talk.context import Context, Wrong, needed
from chat.client import Room

_MOST_PAGES = 100
"""Pages of a hundred members that are looked through for a name."""

_INVITE_USES = 10
_INVITE_DAYS = 7


async def rooms(context: Context, part: str) -> None:
    """List one's rooms, and public ones."""
    state = context.state
    lines = ["Yours:"]
    for n, number in enumerate(state.listed(), 1):
        info = state.rooms[number].info
        key = f"Alt-{n % 10}" if n <= 10 else ""
        unread = f"  {info.unread} unread" if info.unread else ""
        lines.append(f"  {key:5}  {label(info)}{unread}{f'  {info.topic}' if info.topic else ''}")
    public = await context.chat.http.public_rooms(part)
    lines += ["", "To join:" if public else "There is no other public room."]
    lines += [
        f"  #{room.name}  {room.members} in it{f'  {room.topic}' if room.topic else ''}" for room in public
    ]
    state.show("rooms", lines)


async def join(context: Context, name: str) -> None:
    """Join a public room, and read it."""
    chat, state = context.chat, context.state
    if (known := room_named(state.rooms, name)) is not None:
        return state.open(known)
    wanted = needed(name, "a room").removeprefix("#").casefold()
    found = [room for room in await chat.http.public_rooms(wanted[:64]) if room.name.casefold() == wanted]
    if not found:
        raise Wrong(f"there is no public room {name}: /rooms lists them")
    return state.open_soon((await chat.http.join(found[0].id)).id)


async def read(context: Context, name: str) -> None:
    """Read a room that one is in."""
    number = room_named(context.state.rooms, needed(name, "a room"))
    if number is None:
        raise Wrong(f"you are in no room {name}: /join {name} joins it")
    context.state.open(number)


async def new(context: Context, name: str) -> None:
    """Make a public room."""
    made = await context.chat.http.create_room(needed(name, "a name").removeprefix("#"))
    context.state.open_soon(made.id)


async def leave(context: Context, name: str) -> None:
    """Leave a room."""
    chat, state = context.chat, context.state
    room = room_named(state.rooms, name) if name else state.room
    if room is None or room not in state.rooms:
        raise Wrong(f"you are in no room {name}")
    called = label(state.rooms[room].info)
    await chat.http.leave(room)
    state.notice = f"you have left {called}"


async def direct(context: Context, name: str) -> None:
    """Write to somebody alone."""
    person = await _person(context, needed(name, "a name"))
    context.state.open_soon((await context.chat.http.direct_room(person)).id)


async def message(context: Context, rest: str) -> None:
    """Send somebody or a room a message, and stay where one is."""
    usage = "a name and a text, as /msg ben good morning"
    to, text = await _addressed(context, needed(rest, usage))
    context.say(needed(text, usage), room=to)
    called = rest.removesuffix(text).strip()
    context.state.notice = f"to {called}: {text}"


async def who(context: Context, _rest: str) -> None:
    """List who is in the room."""
    room = _here(context)
    called = label(room.info)  # another may be read once it is answered, or none
    lines = []
    page = await context.chat.http.members(room.info.id)
    for member in page.members:
        context.state.people.meet(member.person.id, member.person.name)
        role = "" if member.role == "member" else f"  {member.role}"
        lines.append(f"  {member.person.name}{role}")
    if page.next is not None:
        lines.append("  and more")
    lines.sort(key=str.casefold)
    context.state.show(f"who is in {called}", lines)


async def topic(context: Context, text: str) -> None:
    """Show or change the topic of the room."""
    room = _here(context)
    if text:
        changed = await context.chat.http.change_room(room.info.id, topic="" if text == "-" else text)
        context.state.notice = f"topic: {changed.topic}" if changed.topic else "the topic is removed"
    else:
        context.state.notice = room.info.topic or "this room has no topic: /topic TEXT gives it one"


async def invite(context: Context, name: str) -> None:
    """Add somebody to the room, or make a link that lets people join it."""
    room = _here_with_members(context)
    called = label(room.info)
    if name:
        await context.chat.http.add_member(room.info.id, await _person(context, name))
        context.state.notice = f"{name} is in {called} now"
        return
    made = await context.chat.http.create_invite(room.info.id, uses=_INVITE_USES, days=_INVITE_DAYS)
    context.state.show(
        f"invitation to {called}",
        [made.link or made.url, "", f"{_INVITE_USES} people can join by it, for {_INVITE_DAYS} days."],
    )


async def kick(context: Context, name: str) -> None:
    """Remove somebody from the room."""
    room = _here_with_members(context)
    person = await _person(context, needed(name, "a name"))
    await context.chat.http.remove_member(room.info.id, person)
    context.state.notice = f"{name} is removed from {label(room.info)}"


def _here(context: Context) -> Room:
    room = context.state.current
    if room is None:
        raise Wrong("you are in no room")
    return room


def _here_with_members(context: Context) -> Room:
    room = _here(context)
    if room.info.kind != "room":
        raise Wrong(f"nobody is added to or removed from {label(room.info)}: /room ROOM reads a room")
    return room


async def _person(context: Context, name: str) -> int:
    """The id of somebody who is called so."""
    people, here = context.state.people, context.state.current
    person = people.called(name, here)
    if person is None:
        await _meet_all(context)
        person = people.called(name, here)
    if person is None:
        raise Wrong(f"nobody here is called {name}")
    return person


async def _addressed(context: Context, rest: str) -> tuple[int, str]:
    """The room that a line begins with, and its text: names may have spaces in them, and the longest one counts."""
    if rest.startswith("#"):
        called, _, text = rest.partition(" ")
        if (number := room_named(context.state.rooms, called)) is None:
            raise Wrong(f"you are in no room {called}: /join {called} joins it")
        return number, text.strip()
    people, here = context.state.people, context.state.current
    if (found := people.addressed(rest, here)) is None:
        await _meet_all(context)
        found = people.addressed(rest, here)
    if found is None:
        raise Wrong(f"nobody here is called {rest.split()[0]}")
    person, text = found
    return (await context.chat.http.direct_room(person)).id, text


async def _meet_all(context: Context) -> None:
    """Learn the names of all members of the lobby, which everybody is in."""
    state = context.state
    lobby = next((number for number, room in state.rooms.items() if room.info.kind == "lobby"), None)
    after = 0
    for _ in range(_MOST_PAGES if lobby is not None else 0):
        assert lobby is not None
        page = await context.chat.http.members(lobby, after)
        for member in page.members:
            state.people.meet(member.person.id, member.person.name)
        if page.next is None:
            return
        after = page.next
