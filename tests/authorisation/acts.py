"""What one can ask in a room, over each way in, and which right answers it."""

import time
from typing import Any, NamedTuple


class Act(NamedTuple):
    """Something that one does in a room.

    Holes in `fields` are filled in: ids of the `{room}`, of `{me}`, of `{someone}` who is a member, of the `{host}`,
    who is an owner, of a `{stranger}` and of a `{visitor}`; of the `{other}` of a direct room, or the person of a
    support conversation; `{my_name}` and the `{host_s_name}`; messages that are one's `{own}` and the `{host_s}`; a
    `{file}`, an invite's `{code}` and `{invite}` id; a `{key}` that nobody else has. `spends`: what it is done to is
    not there afterwards, so it is done to a room of its own. `frame`: the type of its request on the socket, which the
    table of operations has not. `only`: where it is. `call`: how one of the five older protocols asks it: a method and
    a path of Rooms, or a socket and what is done there; then it is no operation of native.
    """

    operation: str
    words: str
    right: str
    fields: dict[str, Any]
    spends: bool = False
    frame: str | None = None
    only: str = ""
    call: tuple[str, str] | None = None


_ROOM = {"room": "{room}"}
_SOON = int(time.time()) * 1000 + 3_600_000  # in an hour
_ROOMS_ID = {"RoomID": "{room}"}
_INVITED = "public | private"

NATIVE_ACTS = (
    Act("room", "see the room", "read", _ROOM),
    Act("mine", "set what one is notified of", "read", {**_ROOM, "notify": "all"}),
    Act("put_into_folder", "take the room out of one's folders", "read", _ROOM),
    Act("members", "list the members", "read", _ROOM),
    Act("room_bots", "list the bots", "read", _ROOM),
    Act("members", "list who is banned", "see banned", {**_ROOM, "role": "banned"}),
    Act("history", "read the messages", "read", _ROOM),
    Act("files", "list the files", "read", _ROOM),
    Act("download", "download a file", "file", {"id": "{file}"}),
    Act("edits", "see earlier texts", "read", {**_ROOM, "seq": "{host_s}"}),
    Act("read", "mark as read", "read", {**_ROOM, "seq": 1}),
    Act("search", "search the room", "read", {**_ROOM, "q": "words"}),
    Act("sync", "be told what one missed", "sync", _ROOM, frame="sync"),
    Act("send", "send a message", "speak", {**_ROOM, "key": "{key}", "text": "words"}),
    Act(
        "send",
        "send a message over the socket",
        "speak",
        {**_ROOM, "key": "{key}", "text": "words"},
        frame="send",
    ),
    Act("activity", "say that one types", "speak", {**_ROOM, "what": "typing"}, frame="activity"),
    Act("upload", "upload a file", "speak", {**_ROOM, "name": "a.txt"}),
    Act("react", "react", "speak", {**_ROOM, "seq": "{host_s}", "emoji": "👍"}),
    Act("take_back", "take a reaction back", "speak", {**_ROOM, "seq": "{host_s}", "emoji": "👍"}),
    Act(
        "switch_reaction",
        "react over the socket",
        "speak",
        {**_ROOM, "seq": "{host_s}", "emoji": "🎉", "on": True},
    ),
    Act(
        "react_custom",
        "react with an emoji of the server",
        "custom",
        {**_ROOM, "seq": "{host_s}", "name": "none"},
    ),
    Act(
        "switch_custom_reaction",
        "react with an emoji of the server over the socket",
        "custom",
        {**_ROOM, "seq": "{host_s}", "name": "none", "on": True},
    ),
    Act(
        "take_back_custom",
        "take a reaction with an emoji of the server back",
        "speak",
        {**_ROOM, "seq": "{host_s}", "name": "none"},
    ),
    Act("edit", "edit what one wrote", "speak", {**_ROOM, "seq": "{own}", "text": "words, edited"}),
    Act("edit", "edit what another wrote", "edit another's", {**_ROOM, "seq": "{host_s}", "text": "no"}),
    Act("delete", "delete what one wrote", "read", {**_ROOM, "seq": "{own}"}, spends=True),
    Act("delete", "delete what another wrote", "delete another's", {**_ROOM, "seq": "{host_s}"}, spends=True),
    Act("why_notified", "ask why one was notified of a message", "why", {**_ROOM, "seq": 2**50}),
    Act("pins", "list the pinned messages", "read", _ROOM),
    Act("pin", "pin a message", "pin", {**_ROOM, "seq": "{host_s}"}),
    Act("unpin", "unpin a message", "pin", {**_ROOM, "seq": "{host_s}"}),
    Act("switch_pin", "pin over the socket", "pin", {**_ROOM, "seq": "{host_s}", "on": True}),
    Act("first_since", "find the first message of a day", "read", {**_ROOM, "time": 0}),
    Act("previews", "list the link previews", "read", _ROOM),
    Act("fetch_preview", "fetch a link preview", "preview", {**_ROOM, "url": "http://127.0.0.1:9/"}),
    Act("attach_preview", "show a link preview", "attach", {**_ROOM, "seq": "{own}", "preview": "AAAA"}),
    Act("remove_preview", "remove one's link preview", "speak", {**_ROOM, "seq": "{own}"}),
    Act("remove_preview", "remove another's link preview", "pin", {**_ROOM, "seq": "{host_s}"}),
    Act(
        "forward",
        "forward a message of the room",
        "read",
        {**_ROOM, "seq": "{host_s}", "to": 1, "key": "{key}"},
    ),
    Act("save", "save a message for later", "read", {**_ROOM, "seq": "{host_s}"}),
    Act("unsave", "remove a message from what one has saved", "unsave", {**_ROOM, "seq": "{host_s}"}),
    Act("set_reminder", "set a reminder", "read", {**_ROOM, "seq": "{host_s}", "at": _SOON}),
    Act("remove_reminder", "remove a reminder", "unsave", {**_ROOM, "seq": "{host_s}"}),
    Act(
        "switch_reminder",
        "set a reminder over the socket",
        "read",
        {**_ROOM, "seq": "{host_s}", "at": _SOON},
    ),
    Act(
        "switch_saved",
        "save a message over the socket",
        "read",
        {**_ROOM, "seq": "{host_s}", "on": True},
    ),
    Act("report_message", "report a message", "read", {**_ROOM, "seq": "{host_s}", "reason": "spam"}),
    Act(
        "schedule",
        "schedule a message",
        "speak",
        {**_ROOM, "key": "{key}", "text": "words", "at": _SOON},
    ),
    Act("threads", "list the threads", "read", _ROOM),
    Act("thread", "read a thread", "read", {**_ROOM, "seq": "{host_s}"}),
    Act(
        "room_of_thread",
        "make a room of a thread, with a wrong name",
        "make of it",
        {**_ROOM, "seq": "{host_s}", "key": "k", "name": "\u200b"},
    ),
    Act("follow_thread", "follow a thread", "read", {**_ROOM, "seq": "{host_s}"}),
    Act("unfollow_thread", "unfollow a thread", "read", {**_ROOM, "seq": "{host_s}"}),
    Act(
        "switch_following",
        "follow a thread over the socket",
        "read",
        {**_ROOM, "seq": "{host_s}", "on": True},
    ),
    Act("save_draft", "keep a draft", "read", {**_ROOM, "text": "words"}),
    Act("begin_call", "begin a call", "call", {**_ROOM, "key": "{key}"}),
    Act("set_picture_of_room", "give the room a picture", "picture", _ROOM),
    Act("remove_picture_of_room", "remove the room's picture", "picture", _ROOM),
    Act("change_room", "change the topic", "topic", {**_ROOM, "topic": "words"}),
    Act("set_slow_mode", "set slow mode", "slow mode", {**_ROOM, "seconds": 0}),
    Act("change_room", "rename the room", "own", {**_ROOM, "name": "{name}"}),
    Act("change_room", "make it public or private", "own", {**_ROOM, "private": "{flipped}"}, spends=True),
    Act(
        "change_room",
        "archive it, or open it again",
        "archive",
        {**_ROOM, "archived": "{reopened}"},
        spends=True,
    ),
    Act("delete_room", "delete the room", "own", _ROOM, spends=True),
    Act("put_member", "join", "join", {**_ROOM, "person": "{me}"}, spends=True),
    Act("put_member", "make oneself an owner", "raise oneself", {**_ROOM, "person": "{me}", "role": "owner"}),
    Act("put_member", "add somebody", "add", {**_ROOM, "person": "{stranger}"}, spends=True),
    Act(
        "put_member",
        "make a member a moderator",
        "roles",
        {**_ROOM, "person": "{someone}", "role": "moderator"},
        True,
    ),
    Act(
        "put_member",
        "make a member an owner",
        "roles",
        {**_ROOM, "person": "{someone}", "role": "owner"},
        True,
    ),
    Act(
        "put_member",
        "ban a member",
        "remove",
        {**_ROOM, "person": "{someone}", "role": "banned"},
        spends=True,
    ),
    Act("put_member", "ban an owner", "ban an owner", {**_ROOM, "person": "{host}", "role": "banned"}),
    Act("remove_member", "leave", "leave", {**_ROOM, "person": "{me}"}, spends=True),
    Act("remove_member", "remove a member", "remove", {**_ROOM, "person": "{someone}"}, spends=True),
    Act("remove_member", "remove an owner", "remove an owner", {**_ROOM, "person": "{host}"}),
    Act("new_invite", "make an invite", "invite", _ROOM),
    Act("room_invites", "list the invites", "see invites", _ROOM),
    Act("room_hooks", "list the hooks", "hooks", _ROOM),
    Act(
        "new_outgoing_hook",
        "send the room to another program",
        "send",
        {**_ROOM, "url": "https://x.example/"},
    ),
    Act("add_bot_to_room", "add a bot, which is not there", "a bot", {**_ROOM, "bot": 2**50}),
    Act("take_bot_out", "take a bot out, which is not there", "a bot", {**_ROOM, "bot": 2**50}),
    Act("room_outgoing_hooks", "list the outgoing hooks", "send", _ROOM),
    Act("new_hook", "make a hook", "hooks", {**_ROOM, "name": "tool"}),
    Act("change_hook", "change a hook, which is not there", "a hook", {**_ROOM, "hook": 2**50}),
    Act("renew_hook", "give it another token, which is not there", "a hook", {**_ROOM, "hook": 2**50}),
    Act("remove_hook", "remove a hook, which is not there", "a hook", {**_ROOM, "hook": 2**50}),
    Act(
        "withdraw_room_invite",
        "withdraw an invite of the list",
        "see invites",
        {**_ROOM, "id": "{invite}"},
        spends=True,
    ),
    Act("accept_invite", "join by an invite", "accept", {"code": "{code}"}, spends=True, only=_INVITED),
    Act(
        "withdraw_invite",
        "withdraw another's invite",
        "withdraw",
        {"code": "{code}"},
        spends=True,
        only=_INVITED,
    ),
    Act("change_support", "claim the conversation", "lead support", {**_ROOM, "assignee": "{operator}"}),
    Act("support_changes", "see who claimed and closed it", "lead support", _ROOM),
    Act("label_conversation", "give it a label, which is not there", "label", {**_ROOM, "label": 2**50}),
    Act("unlabel_conversation", "take a label, which is not there", "label", {**_ROOM, "label": 2**50}),
    Act("earlier_conversations", "list those with the same address", "lead support", _ROOM),
    Act(
        "mail_conversation",
        "mail it, without a mail server",
        "mail support",
        {**_ROOM, "email": "a@mail.example"},
    ),
    Act("give_to_team", "make it that of no team", "lead support", {**_ROOM, "team": None}),
    Act("ratings", "see how it was rated", "lead support", _ROOM),
    Act("mailed_from", "see whence it is mailed", "lead support", _ROOM),
    Act("notes", "read the private notes", "lead support", _ROOM),
    Act("add_note", "write a private note", "lead support", {**_ROOM, "text": "words"}),
    Act(
        "remove_note", "remove a private note, which is not there", "remove a note", {**_ROOM, "note": 2**50}
    ),
    Act("change_listed_room", "rename any room", "administer", {**_ROOM, "name": "{name}"}),
    Act("make_archive", "export any room", "export", _ROOM),
    Act("room_retention", "see how long messages are kept", "read", _ROOM),
    Act("set_room_retention", "set how long messages are kept", "keep", {**_ROOM, "days": None}),
    Act("set_listed_room_retention", "set it for any room", "keep anywhere", {**_ROOM, "days": None}),
    Act("add_starting_room", "let new people start in any room", "start in", _ROOM),
    Act("remove_starting_room", "let new people start there no more", "start no more in", _ROOM),
    Act("delete_listed_room", "delete any room", "administer", _ROOM, spends=True),
)

ROOMS_ACTS = (
    Act("", "Rooms: see the room", "rooms: see", {}, call=("GET", "/room/{room}")),
    Act("", "Rooms: read the messages", "rooms: read", {}, call=("GET", "/messages/{room}")),
    Act("", "Rooms: enter the room", "rooms: read", _ROOMS_ID, call=("Rooms socket", "enter")),
    Act(
        "",
        "Rooms: enter the room and write there",
        "rooms: speak",
        _ROOMS_ID,
        call=("Rooms socket", "message"),
    ),
    Act("", "Rooms: join", "rooms: join", _ROOMS_ID, True, call=("PUT", "/join")),
    Act(
        "",
        "Rooms: add somebody",
        "rooms: add",
        {**_ROOMS_ID, "UID": "{stranger}"},
        True,
        call=("PUT", "/invite"),
    ),
    Act(
        "",
        "Rooms: remove a member",
        "rooms: remove",
        {**_ROOMS_ID, "UID": "{someone}"},
        True,
        call=("PUT", "/remove"),
    ),
    Act("", "Rooms: delete the room", "rooms: delete", {}, True, call=("DELETE", "/room/{room}")),
)

SOCKET_ACTS = (
    *(
        Act("", f"{name}: {words}", right, fields, only="lobby", call=(f"{name} socket", what))
        for name, key in (("Talker", "name"), ("Messenger", "username"))
        for what, words, right, fields in (
            ("message", "write", "lines: speak", {key: "{my_name}", "message": "{key}"}),
            ("message", "write as another", "lines: claim", {key: "{host_s_name}", "message": "{key}"}),
            ("history", "read the messages", "lines: speak", {key: "{my_name}", "message": "history 1"}),
        )
    ),
    Act(
        "",
        "Direct: write to the other",
        "direct: write",
        {"from": "{me}", "to": "{other}", "content": "{key}"},
        only="direct",
        call=("Direct socket", "message"),
    ),
    Act(
        "",
        "Direct: write as another",
        "direct: claim",
        {"from": "{host}", "to": "{other}", "content": "{key}"},
        only="direct",
        call=("Direct socket", "message"),
    ),
    Act(
        "",
        "Direct: write to a visitor",
        "direct: to a visitor",
        {"from": "{me}", "to": "{visitor}", "content": "{key}"},
        only="direct",
        call=("Direct socket", "message"),
    ),
    *(
        Act(
            "",
            f"Support: {words}",
            right,
            {"method": f"message.{method}", "params": params},
            only="support",
            call=("Support socket", method),
        )
        for method, words, right, params in (
            ("send", "write in one's own conversation", "support: own", ["{key}"]),
            ("operatorSend", "answer the person", "support: answer", ["{key}", "{other}"]),
            ("history", "read the messages", "support: answer", ["{other}", 0, 1]),
            ("conversations", "list the conversations", "support: answer", []),
        )
    ),
)
"""Of Talker, Messenger, Direct and Support, which have nothing but a socket and the way to a token."""

ACTS = (*NATIVE_ACTS, *ROOMS_ACTS, *SOCKET_ACTS)

WITHOUT_ROOM = {
    "hello": "asks for no room: an operation of the server",
    "ping": "asks for nothing",
    "watch": "asks for people, whom everybody with an account may see",
    "status": "says something of oneself",
}
"""Requests of the socket that are in no room."""
