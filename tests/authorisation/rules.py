"""Who may what, in plain words. `make authorisation-page` writes docs/authorisation.md of them.

A cell is an act, by somebody, in a place. Of the lines of a right the first that fits says what the answer is.
"""

from enum import StrEnum
from typing import Any, NamedTuple


class Answer(StrEnum):
    """What comes of an act: it is done, or refused with this code."""

    DONE = "done"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TAKEN = "taken"
    GONE = "gone"
    INVALID = "invalid"


DONE, FORBIDDEN, NOT_FOUND = Answer.DONE, Answer.FORBIDDEN, Answer.NOT_FOUND
TAKEN, GONE, UNAUTHENTICATED = Answer.TAKEN, Answer.GONE, Answer.UNAUTHENTICATED

RELATIONS = {
    "nobody": "without a token",
    "visitor": "writes from the support widget, in another conversation",
    "guest": "writes from the support widget, in this conversation",
    "outsider": "has an account, and is nothing here",
    "member": "is a member; one of the two; or the person of this support conversation",
    "moderator": "is a moderator of the room",
    "owner": "is an owner of the room",
    "maker": "made the room and left it; others own it",
    "removed": "was a member, and was removed",
    "banned": "was a member, and is banned",
    "blocked": "is a member, and the other one blocks them",
    "disabled": "was a member; the account is disabled",
    "deleted": "was a member; the account is deleted",
    "operator": "answers support conversations, and is nothing else here",
    "server-moderator": "is a moderator of the server, and is nothing else here",
    "admin": "is an admin, and is nothing else here",
    "moderator-inside": "is a moderator of the server, and a member",
    "admin-inside": "is an admin, and a member",
    "bot": "is a bot with all scopes, which an owner has added",
}

NO_LONGER = ("disabled", "deleted")
"""Those whose tokens are good for nothing."""

PLACES = (
    "lobby open",
    "public open",
    "public archived",
    "public deleted",
    "private open",
    "private archived",
    "private deleted",
    "direct open",
    "direct over",
    "support open",
    "support closed",
)
"""Kinds of rooms and their states. A direct room is over when one of the two was deleted."""

_MEMBERS = ("member", "moderator", "owner", "blocked", "moderator-inside", "admin-inside", "bot")

INSIDE = {
    "lobby": ("member", "blocked", "operator", "moderator-inside", "admin-inside"),
    "public": _MEMBERS,
    "private": _MEMBERS,
    "direct": ("member", "blocked"),
    "support": ("guest", "member", "operator"),
}
"""Who may read a room of that kind."""

LEFT_OUT = (
    (
        "lobby",
        "outsider maker removed banned",
        "everybody with an account is in the lobby, and nobody leaves it",
    ),
    ("lobby", "moderator owner", "nobody is a moderator or an owner of the lobby"),
    ("lobby", "server-moderator admin", "they are in the lobby: moderator-inside, admin-inside"),
    ("lobby | public | private | direct", "guest", "visitors have no rooms but their conversation"),
    (
        "direct",
        "moderator owner maker removed banned",
        "the two of a direct room have no roles, and stay in it",
    ),
    ("direct over", "blocked", "who is deleted blocks nobody"),
    (
        "support",
        "moderator owner maker removed banned blocked",
        "a support conversation has no roles and no blocks",
    ),
    (
        "direct | support",
        "moderator-inside admin-inside",
        "a role of the server changes nothing for who is inside",
    ),
)
"""Cells that cannot be, and why."""


class Line(NamedTuple):
    """`who` are relations, or `inside` or `outside`; `where` a kind, a state or both, or several of that with |."""

    who: str
    where: str
    answer: Answer


class Right(NamedTuple):
    """What one may, in words, and its lines.

    `is_for_admins`: others are refused before anything is looked up. `is_for_everybody`: also for who has no token.
    """

    says: str
    lines: tuple[Line, ...]
    is_for_admins: bool = False
    is_for_everybody: bool = False


OUTSIDE = (
    Line("outside", "public", FORBIDDEN),
    Line("outside", "", NOT_FOUND),
)
"""Of public rooms everybody knows; of others nobody learns that they are there. It ends every right."""

_LEADING = "moderator owner"
_NO_CONVERSATIONS = (Line("inside outside", "direct | support", NOT_FOUND),)
_NO_ROOM = (Line("inside", "lobby | direct | support", NOT_FOUND),)
_DIRECT_TOKENS = (
    Line("visitor bot", "", FORBIDDEN),
    Line("disabled deleted", "", UNAUTHENTICATED),
)
_SILENT = (
    Line("inside", "archived", FORBIDDEN),
    Line("inside", "direct over", FORBIDDEN),
    Line("blocked", "direct", FORBIDDEN),
)
_SUPPORT_TOKENS = (Line("nobody bot disabled deleted", "", UNAUTHENTICATED),)

RIGHTS = {
    "read": Right("Read the room: who is in.", (Line("inside", "", DONE),)),
    "file": Right(
        "Have a file of the room: who is in.", (Line("inside", "", DONE), Line("outside", "", NOT_FOUND))
    ),
    "sync": Right(
        "Be told what one missed: who is in; operators of open support conversations.",
        (Line("operator", "support closed", GONE), Line("inside", "", DONE), Line("outside", "", GONE)),
    ),
    "speak": Right(
        "Write, react, edit what one wrote: who is in, unless it is archived or over, or the other one blocks.",
        (
            *_SILENT,
            Line("inside", "", DONE),
        ),
    ),
    "edit another's": Right("Edit what another wrote: nobody.", (Line("inside", "", FORBIDDEN),)),
    "delete another's": Right(
        "Delete what another wrote: who leads the room; in public rooms and the lobby also moderators and admins.",
        (
            Line(_LEADING, "", DONE),
            Line("moderator-inside admin-inside", "public | lobby", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "pin": Right(
        "Pin messages, remove previews of others: who may delete another's, unless the room is archived.",
        (
            Line("inside", "archived", FORBIDDEN),
            Line(_LEADING, "", DONE),
            Line("moderator-inside admin-inside", "public | lobby", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "unsave": Right(
        "Remove a message from what one has saved: everybody with an account, in whichever room it is.",
        (Line("inside outside", "", DONE),),
    ),
    "picture": Right(
        "Give the room a picture, or take it away: owners; the lobby's, admins.",
        (
            Line("admin-inside", "lobby", DONE),
            Line("inside", "lobby", FORBIDDEN),
            Line("inside", "direct | support", NOT_FOUND),
            Line("owner", "", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "preview": Right(
        "Fetch the preview of a link, which has none here: who may write.",
        (
            *_SILENT,
            Line("inside", "", NOT_FOUND),
        ),
    ),
    "custom": Right(
        "React with an emoji of the server, of which there are none here: who may write.",
        (
            *_SILENT,
            Line("inside", "", NOT_FOUND),
        ),
    ),
    "call": Right(
        "Begin a call, of which there are none here: who may write.",
        (
            *_SILENT,
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "attach": Right(
        "Give one's message a preview, which the server has not made here: who may write.",
        (
            *_SILENT,
            Line("inside", "", Answer.INVALID),
        ),
    ),
    "make of it": Right(
        "Make a room of a thread: who may write, but not in support conversations.",
        (
            Line("inside", "support", NOT_FOUND),
            *_SILENT,
            Line("inside", "", Answer.INVALID),
        ),
    ),
    "see banned": Right(
        "See who is banned: who may delete another's messages in a room that people made.",
        (
            *_NO_ROOM,
            Line(_LEADING, "", DONE),
            Line("moderator-inside admin-inside", "public", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "topic": Right(
        "Change the topic: who leads the room; in public rooms moderators and admins who are in.",
        (
            *_NO_ROOM,
            Line(_LEADING, "", DONE),
            Line("moderator-inside admin-inside", "public", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "slow mode": Right(
        "Set slow mode: who leads the room; in public rooms and the lobby also moderators and admins.",
        (
            Line("inside", "direct | support", NOT_FOUND),
            Line(_LEADING, "", DONE),
            Line("moderator-inside admin-inside", "public | lobby", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "own": Right(
        "Name a room, say who may join it, delete it: owners.",
        (*_NO_ROOM, Line("owner", "", DONE), Line("inside", "", FORBIDDEN)),
    ),
    "archive": Right(
        "Archive a room: owners; public rooms also admins who are in.",
        (
            *_NO_ROOM,
            Line("owner", "", DONE),
            Line("admin-inside", "public", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "roles": Right(
        "Give another role: owners.",
        (*_NO_ROOM, Line("owner", "", DONE), Line("inside", "", FORBIDDEN)),
    ),
    "raise oneself": Right(
        "Raise one's own role: nobody. An owner is one already.",
        (
            *_NO_ROOM,
            Line("owner", "", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "add": Right(
        "Make others members: who leads the room, unless it is archived.",
        (
            *_NO_ROOM,
            Line("inside", "archived", FORBIDDEN),
            Line(_LEADING, "", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "see invites": Right(
        "See the invites of others, and withdraw them: who leads the room.",
        (*_NO_ROOM, Line(_LEADING, "", DONE), Line("inside", "", FORBIDDEN)),
    ),
    "hooks": Right(
        "Make hooks for a room and see which there are: who leads it, and admins, also of the lobby.",
        (
            Line("admin admin-inside", "lobby | public | private", DONE),
            Line("inside", "direct | support", NOT_FOUND),
            Line(_LEADING, "", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "send": Right(
        "Have the changes of a room sent to another program: who leads it, and admins who are in, also of the lobby.",
        (
            Line("inside", "direct | support", NOT_FOUND),
            Line("admin admin-inside", "lobby", DONE),
            Line("inside", "lobby", FORBIDDEN),
            Line("admin-inside", "", DONE),
            Line(_LEADING, "", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "a bot": Right(
        "Add one's bot to a room, or take it out: of bots of others nobody learns.",
        (Line("inside outside", "", NOT_FOUND),),
    ),
    "a hook": Right(
        "Change and remove a hook, which is not there: who may make some.",
        (
            Line("admin admin-inside", "lobby | public | private", NOT_FOUND),
            Line("inside", "direct | support", NOT_FOUND),
            Line(_LEADING, "", NOT_FOUND),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "remove": Right(
        "Remove and ban members: who may delete another's messages in a room that people made.",
        (
            *_NO_ROOM,
            Line(_LEADING, "", DONE),
            Line("moderator-inside admin-inside", "public", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "remove an owner": Right(
        "Remove an owner: nobody. Another owner takes the role first.",
        (*_NO_ROOM, Line("inside", "", FORBIDDEN)),
    ),
    "ban an owner": Right(
        "Ban an owner: nobody.",
        (*_NO_ROOM, Line("inside", "", FORBIDDEN)),
    ),
    "join": Right(
        "Join: everybody with an account a public room that is not archived, unless they are banned.",
        (
            *_NO_ROOM,
            Line("inside", "", DONE),
            Line("outside", "public archived", FORBIDDEN),
            Line("banned", "public", FORBIDDEN),
            Line("outside", "public", DONE),
        ),
    ),
    "leave": Right("Leave: who is in.", (*_NO_ROOM, Line("inside", "", DONE))),
    "invite": Right(
        "Make an invite: everybody in a public room, who leads a private one; nobody while it is archived.",
        (
            *_NO_ROOM,
            Line("inside", "archived", FORBIDDEN),
            Line("inside", "public", DONE),
            Line(_LEADING, "private", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "accept": Right(
        "Join by an invite: everybody with an account, unless they are banned or the room is archived.",
        (
            Line("inside", "", DONE),
            Line("banned", "", FORBIDDEN),
            Line("outside", "archived", FORBIDDEN),
            Line("outside", "", DONE),
        ),
    ),
    "withdraw": Right(
        "Withdraw another's invite by its code: who leads the room.",
        (Line(_LEADING, "", DONE), Line("inside", "", FORBIDDEN), Line("outside", "", FORBIDDEN)),
    ),
    "lead support": Right(
        "Claim, hand over and close a support conversation, read and write its private notes: operators.",
        (
            Line("operator", "support", DONE),
            Line("inside", "support", FORBIDDEN),
            Line("inside", "", NOT_FOUND),
        ),
    ),
    "mail support": Right(
        "Mail a support conversation: operators.",
        (
            Line("operator", "support", Answer.CONFLICT),
            Line("inside", "support", FORBIDDEN),
            Line("inside", "", NOT_FOUND),
        ),
    ),
    "label": Right(
        "Label a support conversation: operators.",
        (
            Line("operator", "support", NOT_FOUND),
            Line("inside", "support", FORBIDDEN),
            Line("inside", "", NOT_FOUND),
        ),
    ),
    "remove a note": Right(
        "Remove a private note: the operator whose it is, and operators who are admins.",
        (
            Line("operator", "support", NOT_FOUND),
            Line("inside", "support", FORBIDDEN),
            Line("inside", "", NOT_FOUND),
        ),
    ),
    "rooms: see": Right(
        "Over Rooms, see that a room is there: everybody a public one, who is in a private one.",
        (
            Line("inside outside", "lobby | public", DONE),
            Line("bot", "private", NOT_FOUND),
            Line("inside", "private", DONE),
            Line("inside", "", NOT_FOUND),
        ),
        is_for_everybody=True,
    ),
    "rooms: read": Right(
        "Over Rooms, read and enter a room: who is in. That a private room is there is no secret: it has a number.",
        (*_NO_CONVERSATIONS, Line("inside", "", DONE), Line("outside", "", FORBIDDEN)),
    ),
    "rooms: join": Right(
        "Over Rooms, join: as over native; who is in is told so.",
        (
            *_NO_CONVERSATIONS,
            Line("inside", "", TAKEN),
            Line("outside", "private | archived", FORBIDDEN),
            Line("banned", "", FORBIDDEN),
            Line("outside", "", DONE),
        ),
    ),
    "rooms: add": Right(
        "Over Rooms, add somebody: who leads the room, unless it is archived.",
        (
            *_NO_CONVERSATIONS,
            Line("inside", "lobby", FORBIDDEN),
            Line("inside", "archived", FORBIDDEN),
            Line(_LEADING, "", DONE),
            Line("inside outside", "", FORBIDDEN),
        ),
    ),
    "rooms: remove": Right(
        "Over Rooms, remove a member: as over native.",
        (
            *_NO_CONVERSATIONS,
            Line("inside", "lobby", NOT_FOUND),
            Line(_LEADING, "", DONE),
            Line("moderator-inside admin-inside", "public", DONE),
            Line("inside outside", "", FORBIDDEN),
        ),
    ),
    "rooms: delete": Right(
        "Over Rooms, delete a room: owners.",
        (
            *_NO_CONVERSATIONS,
            Line("owner", "", DONE),
            Line("inside outside", "", FORBIDDEN),
        ),
    ),
    "rooms: speak": Right(
        "Over Rooms, enter a room and write there: who is in, unless it is archived.",
        (
            *_NO_CONVERSATIONS,
            Line("inside", "archived", FORBIDDEN),
            Line("inside", "", DONE),
            Line("outside", "", FORBIDDEN),
        ),
    ),
    "lines: speak": Right(
        "Over Talker and Messenger, write and read in the lobby: everybody with an account.",
        (Line("nobody visitor bot disabled deleted", "", UNAUTHENTICATED), Line("inside", "", DONE)),
        is_for_everybody=True,
    ),
    "lines: claim": Right(
        "Over Talker and Messenger, write under another's name: nobody.",
        (Line("nobody visitor bot disabled deleted", "", UNAUTHENTICATED), Line("inside", "", FORBIDDEN)),
        is_for_everybody=True,
    ),
    "direct: write": Right(
        "Over Direct, write to somebody: everybody, also without a token. Who is blocked learns that nobody is there.",
        (
            *_DIRECT_TOKENS,
            Line("blocked", "", NOT_FOUND),
            Line("inside outside", "over", NOT_FOUND),
            Line("inside outside", "", DONE),
        ),
        is_for_everybody=True,
    ),
    "direct: claim": Right(
        "Over Direct, write as another: nobody.",
        (*_DIRECT_TOKENS, Line("inside outside", "", FORBIDDEN)),
        is_for_everybody=True,
    ),
    "direct: to a visitor": Right(
        "Over Direct, write to a visitor of the support widget: nobody.",
        (*_DIRECT_TOKENS, Line("inside outside", "", NOT_FOUND)),
        is_for_everybody=True,
    ),
    "support: own": Right(
        "Over Support, write in one's own conversation: everybody with an account, and visitors.",
        (*_SUPPORT_TOKENS, Line("inside outside", "", DONE)),
        is_for_everybody=True,
    ),
    "support: answer": Right(
        "Over Support, read and answer the conversations of others: operators.",
        (*_SUPPORT_TOKENS, Line("operator", "", DONE), Line("inside outside", "", FORBIDDEN)),
        is_for_everybody=True,
    ),
    "why": Right(
        "Learn why one was notified of a message, or not: one's own decisions, also of rooms that one has left. Of this"
        " message there is none.",
        (Line("inside outside", "", NOT_FOUND),),
    ),
    "keep": Right(
        "Set how long a room's messages are kept: owners, within what the admins allow, and admins who are in.",
        (
            Line("inside", "direct | support", NOT_FOUND),
            Line("admin-inside", "", DONE),
            Line("owner", "", DONE),
            Line("inside", "", FORBIDDEN),
        ),
    ),
    "keep anywhere": Right(
        "Set how long messages are kept in the lobby, or in any room that people made: admins.",
        (
            Line("admin admin-inside", "lobby | public | private", DONE),
            Line("admin admin-inside", "", NOT_FOUND),
        ),
        is_for_admins=True,
    ),
    "start in": Right(
        "Let new people start in a public room: admins, whether they are in or not.",
        (
            Line("admin admin-inside", "public", DONE),
            Line("admin admin-inside", "private", Answer.CONFLICT),
            Line("admin admin-inside", "", NOT_FOUND),
        ),
        is_for_admins=True,
    ),
    "start no more in": Right(
        "Let new people no longer start in a room that people made: admins, whether they are in or not.",
        (
            Line("admin admin-inside", "public | private", DONE),
            Line("admin admin-inside", "", NOT_FOUND),
        ),
        is_for_admins=True,
    ),
    "export": Right(
        "Export any room: admins, whether they are in or not, with their password, which is missing here.",
        (Line("admin admin-inside", "", Answer.INVALID),),
        is_for_admins=True,
    ),
    "administer": Right(
        "Rename, archive and delete any room that people made: admins, whether they are in or not.",
        (
            Line("admin admin-inside", "public | private", DONE),
            Line("admin admin-inside", "", NOT_FOUND),
        ),
        is_for_admins=True,
    ),
}


class ServerAct(NamedTuple):
    """An operation that is about no room, who may ask for it, and what they are answered with these fields."""

    operation: str
    group: str
    fields: dict[str, Any]
    answer: Answer = DONE


CALLERS = (
    "nobody",
    "disabled",
    "deleted",
    "visitor",
    "bot",
    "program",
    "person",
    "operator",
    "server-moderator",
    "admin's program",
    "admin",
)
"""Who asks; a program has a token that somebody made for it."""

GROUPS = {
    "everybody": CALLERS,
    "accounts, bots and visitors": CALLERS[3:],
    "accounts and visitors": ("visitor", *CALLERS[5:]),
    "accounts and bots": CALLERS[4:],
    "accounts": CALLERS[5:],
    "people": ("person", "operator", "server-moderator", "admin"),
    "operators": ("operator",),
    "operators and admins": ("operator", "admin", "admin's program"),
    "moderators": ("server-moderator", "admin", "admin's program"),
    "moderators in person": ("server-moderator", "admin"),
    "admins": ("admin", "admin's program"),
    "admins in person": ("admin",),
}

_PASSWORD = "world of tea"
_NO_ONE = {"person": 2**52}
_NO_BOT = {"bot": 2**50}

_NO_PASSKEY = dict.fromkeys(("id", "client_data", "authenticator_data", "signature", "user"), "AA")

SERVER_ACTS = (
    ServerAct("server_info", "everybody", {}),
    ServerAct("set_up_state", "everybody", {}),
    ServerAct("set_up", "everybody", {"code": "no", "name": "eve", "password": _PASSWORD}, GONE),
    ServerAct("register", "everybody", {"name": "!", "password": _PASSWORD}, Answer.INVALID),
    ServerAct("log_in", "everybody", {"login": "no {caller}", "password": "wrong words"}, UNAUTHENTICATED),
    ServerAct("reset_password", "everybody", {"code": "no", "password": _PASSWORD}, GONE),
    ServerAct("forgot_password", "everybody", {"email": "ada@example.com"}, Answer.CONFLICT),
    ServerAct("recover", "everybody", {"code": "m-no", "password": _PASSWORD}, GONE),
    ServerAct("ask_login_link", "everybody", {"email": "ada@example.com"}, Answer.CONFLICT),
    ServerAct("login_link_account", "everybody", {"code": "l-no"}, Answer.CONFLICT),
    ServerAct("login_by_link", "everybody", {"code": "l-no"}, Answer.CONFLICT),
    ServerAct("report_push", "everybody", {"code": "no", "event": "shown"}),
    ServerAct("unsubscribe", "everybody", {"code": "00000000-0000-0000-0000-000000000000"}),
    ServerAct("begin_provider_login", "everybody", {}, Answer.CONFLICT),
    ServerAct("provider_login", "everybody", {"code": "no", "state": "no"}, Answer.CONFLICT),
    ServerAct("provider_logout", "everybody", {}, Answer.INVALID),
    ServerAct("begin_passkey", "everybody", {}, Answer.CONFLICT),
    ServerAct("passkey_login", "everybody", _NO_PASSKEY, Answer.CONFLICT),
    ServerAct("passkey_code", "everybody", _NO_PASSKEY, Answer.CONFLICT),
    ServerAct("refresh", "everybody", {"refresh": "no"}, UNAUTHENTICATED),
    ServerAct("invite", "everybody", {"code": "no"}, NOT_FOUND),
    ServerAct("new_visitor", "everybody", {}),
    ServerAct("download_export", "everybody", {"link": "no"}, NOT_FOUND),
    ServerAct("download_archive", "everybody", {"link": "no"}, NOT_FOUND),
    ServerAct("support_desk", "everybody", {}),
    ServerAct("identify_visitor", "everybody", {"token": "x"}, Answer.INVALID),
    ServerAct("picture", "everybody", {"picture": "00" * 32}, NOT_FOUND),
    ServerAct("me", "accounts, bots and visitors", {}),
    ServerAct("profiles", "accounts, bots and visitors", {"people": [2**52]}),
    ServerAct("own_conversation", "accounts and visitors", {}),
    ServerAct("own_rating", "accounts and visitors", {}),
    ServerAct("choose_team", "accounts and visitors", {"team": "none"}, NOT_FOUND),
    ServerAct("mail_own_conversation", "accounts and visitors", {"email": "a@mail.example"}, Answer.CONFLICT),
    ServerAct("rate_conversation", "accounts and visitors", {"rating": "good"}, Answer.CONFLICT),
    ServerAct("change_me", "accounts", {}),
    ServerAct("set_my_picture", "accounts", {}),
    ServerAct("remove_my_picture", "accounts", {}),
    ServerAct("custom_emoji", "accounts, bots and visitors", {}),
    ServerAct("add_custom_emoji", "admins", {"name": "X"}, Answer.INVALID),
    ServerAct("remove_custom_emoji", "accounts", {"name": "none"}, NOT_FOUND),
    ServerAct("set_my_status", "accounts", {}, Answer.INVALID),
    ServerAct("clear_my_status", "accounts", {}),
    ServerAct("address_state", "accounts", {}),
    ServerAct("mail_choice", "accounts", {}),
    ServerAct("quiet_hours", "accounts", {}),
    ServerAct("second_factor", "accounts", {}),
    ServerAct("passkeys", "accounts", {}),
    ServerAct("identity", "accounts", {}, Answer.CONFLICT),
    ServerAct("provider_logout_page", "accounts", {}),
    ServerAct("sessions", "accounts", {}),
    ServerAct("people", "accounts", {}),
    ServerAct("person", "accounts and bots", _NO_ONE, NOT_FOUND),
    ServerAct("blocks", "accounts", {}),
    ServerAct("block", "accounts", _NO_ONE, NOT_FOUND),
    ServerAct("unblock", "accounts", _NO_ONE),
    ServerAct("own_rooms", "accounts and bots", {}),
    ServerAct("public_rooms", "accounts", {}),
    ServerAct("new_room", "accounts", {"name": "\u200b"}, Answer.INVALID),
    ServerAct("direct_room", "accounts", _NO_ONE, NOT_FOUND),
    ServerAct("open_group", "accounts", {"people": []}, Answer.INVALID),
    ServerAct("issued_invites", "accounts", {}),
    ServerAct("withdraw_issued_invite", "accounts", {"id": "00" * 32}, NOT_FOUND),
    ServerAct("mentions", "accounts and bots", {}),
    ServerAct("saved", "accounts", {}),
    ServerAct("saved_places", "accounts", {}),
    ServerAct("scheduled", "accounts", {}),
    ServerAct("drafts", "accounts", {}),
    ServerAct("change_scheduled", "people", {"scheduled": 2**50}, NOT_FOUND),
    ServerAct("send_scheduled", "people", {"scheduled": 2**50}, NOT_FOUND),
    ServerAct("unschedule", "people", {"scheduled": 2**50}),
    ServerAct("own_folders", "accounts", {}),
    ServerAct("add_folder", "accounts", {"name": "\u200b"}, Answer.INVALID),
    ServerAct("rename_folder", "accounts", {"folder": 2**50, "name": "x"}, NOT_FOUND),
    ServerAct("remove_folder", "accounts", {"folder": 2**50}, NOT_FOUND),
    ServerAct("search", "accounts and bots", {"q": "words"}),
    ServerAct("conversations", "operators", {}),
    ServerAct("conversation_counts", "operators", {}),
    ServerAct("clean_up", "accounts", {**_NO_ONE, "hours": 1}),
    ServerAct("reports", "moderators", {}),
    ServerAct("report_count", "moderators", {}),
    ServerAct("handle_reports", "moderators in person", {"reported": 2**52}, NOT_FOUND),
    ServerAct("held_messages", "moderators", {}),
    ServerAct("review_held", "moderators in person", {"held": 2**52, "allow": True}, NOT_FOUND),
    ServerAct("own_held", "accounts", {}),
    ServerAct("put_away_held", "people", {"held": 2**50}, NOT_FOUND),
    ServerAct("labels", "operators", {}),
    ServerAct("labelled", "operators", {}),
    ServerAct("add_label", "operators", {"name": ""}, Answer.INVALID),
    ServerAct("change_label", "operators", {"label": 2**52, "name": "x"}, NOT_FOUND),
    ServerAct("remove_label", "operators", {"label": 2**52}, NOT_FOUND),
    ServerAct("canned_answers", "operators and admins", {}),
    ServerAct("desk_report", "operators and admins", {}),
    ServerAct("teams", "operators and admins", {}),
    ServerAct("add_canned_answer", "operators", {"shortcut": "!", "text": "x"}, Answer.INVALID),
    ServerAct("change_canned_answer", "operators and admins", {"answer": 2**52, "text": "x"}, NOT_FOUND),
    ServerAct("remove_canned_answer", "operators and admins", {"answer": 2**52}, NOT_FOUND),
    ServerAct("add_canned_answer", "admins", {"shortcut": "!", "text": "x", "shared": True}, Answer.INVALID),
    ServerAct("new_invite", "admins", {}),
    ServerAct("accounts", "admins", {}),
    ServerAct("account", "admins", _NO_ONE, NOT_FOUND),
    ServerAct("listed_rooms", "admins", {}),
    ServerAct("starting_rooms", "admins", {}),
    ServerAct("all_invites", "admins", {}),
    ServerAct("all_hooks", "admins", {}),
    ServerAct("all_outgoing_hooks", "admins", {}),
    ServerAct("all_bots", "admins", {}),
    ServerAct("bots", "people", {}),
    ServerAct("new_bot", "people", {"name": "!", "scopes": ["read"]}, Answer.INVALID),
    ServerAct("change_bot", "people", _NO_BOT, NOT_FOUND),
    ServerAct("remove_bot", "people", _NO_BOT, NOT_FOUND),
    ServerAct("new_bot_token", "people", {**_NO_BOT, "name": "x", "password": _PASSWORD}, NOT_FOUND),
    ServerAct("end_bot_token", "people", {**_NO_BOT, "token": 2**50}, NOT_FOUND),
    ServerAct("outgoing_hooks", "people", {}),
    ServerAct("change_outgoing_hook", "people", {"hook": 2**50}, NOT_FOUND),
    ServerAct("renew_outgoing_hook", "people", {"hook": 2**50}, NOT_FOUND),
    ServerAct("remove_outgoing_hook", "people", {"hook": 2**50}, NOT_FOUND),
    ServerAct("withdraw_any_invite", "admins", {"id": "00" * 32}, NOT_FOUND),
    ServerAct("settings", "admins", {}),
    ServerAct("backups", "admins", {}),
    ServerAct("audit", "admins", {}),
    ServerAct("holds", "admins", {}),
    ServerAct("listed_visitors", "admins", {}),
    ServerAct("visitor_secret", "admins in person", {}),
    ServerAct("make_visitor_secret", "admins in person", {}),
    ServerAct("remove_visitor_secret", "admins in person", {}),
    ServerAct("bans", "admins in person", {}),
    ServerAct("ban_network", "admins in person", {"network": "!"}, Answer.INVALID),
    ServerAct("lift_ban", "admins in person", {"ban": 2**52}, NOT_FOUND),
    ServerAct("review_words", "admins in person", {}),
    ServerAct("change_review_words", "admins in person", {"add": ["!"]}, Answer.INVALID),
    ServerAct("add_team", "admins", {"name": ""}, Answer.INVALID),
    ServerAct("change_team", "admins", {"team": 2**52}, NOT_FOUND),
    ServerAct("remove_team", "admins", {"team": 2**52}, NOT_FOUND),
    ServerAct("mail_state", "admins", {}),
    ServerAct("send_test_mail", "admins", {"to": "ada@example.com"}, Answer.CONFLICT),
    ServerAct("overdue", "admins", {}),
    ServerAct("invite_addresses", "admins in person", {"addresses": ["ada@example.com"]}, Answer.CONFLICT),
    ServerAct("imported_people", "admins", {}),
    ServerAct("archive", "admins in person", {}, NOT_FOUND),
    ServerAct(
        "begin_import",
        "admins in person",
        {"source": "slack", "name": "x.zip", "size": 1},
        Answer.INVALID,
    ),
    ServerAct("add_to_import", "admins in person", {"at": 0}, NOT_FOUND),
    ServerAct("import_state", "admins in person", {}, NOT_FOUND),
    ServerAct("start_import", "admins in person", {}, Answer.CONFLICT),
    ServerAct("stop_import", "admins in person", {}, Answer.CONFLICT),
    ServerAct("remove_import", "admins in person", {}, NOT_FOUND),
    ServerAct("remove_archive", "admins in person", {}, NOT_FOUND),
    ServerAct("archive_link", "admins in person", {}, NOT_FOUND),
    ServerAct("invite_imported_people", "admins in person", {}, Answer.CONFLICT),
    ServerAct("place_hold", "admins in person", {"kind": "room", "target": 2**52, "reason": "x"}, NOT_FOUND),
    ServerAct("lift_hold", "admins in person", {"hold": 2**52}, NOT_FOUND),
    ServerAct("add_account", "admins in person", {"name": "!", "password": _PASSWORD}, Answer.INVALID),
    ServerAct("change_account", "admins in person", {**_NO_ONE, "disabled": True}, NOT_FOUND),
    ServerAct("delete_account", "admins in person", _NO_ONE, NOT_FOUND),
    ServerAct("remove_account", "admins in person", {**_NO_ONE, "how": "leave"}, NOT_FOUND),
    ServerAct("remove_second_factor_of", "admins in person", _NO_ONE, NOT_FOUND),
    ServerAct("new_reset", "admins in person", _NO_ONE, NOT_FOUND),
    ServerAct("end_sessions_of", "admins in person", _NO_ONE, NOT_FOUND),
    ServerAct("change_settings", "admins in person", {}),
    ServerAct("remove_picture_of", "admins in person", _NO_ONE, NOT_FOUND),
    ServerAct("add_starting_room", "admins in person", {"room": 2**52}, NOT_FOUND),
    ServerAct("remove_starting_room", "admins in person", {"room": 2**52}, NOT_FOUND),
    ServerAct("set_picture_of_server", "admins in person", {}),
    ServerAct("remove_picture_of_server", "admins in person", {}),
    ServerAct("change_password", "people", {"old": _PASSWORD, "new": "a"}, Answer.INVALID),
    ServerAct("remove_me", "people", {"how": "leave", "password": "wrong words"}, FORBIDDEN),
    ServerAct("begin_second_factor", "people", {"password": "wrong words"}, FORBIDDEN),
    ServerAct("confirm_second_factor", "people", {"code": "000000"}, Answer.CONFLICT),
    ServerAct("new_recovery_codes", "people", {"password": _PASSWORD, "code": "000000"}, NOT_FOUND),
    ServerAct("remove_second_factor", "people", {"password": _PASSWORD, "code": "000000"}, NOT_FOUND),
    ServerAct("begin_new_passkey", "people", {"password": _PASSWORD}, Answer.CONFLICT),
    ServerAct(
        "add_passkey",
        "people",
        {"id": "AA", "client_data": "AA", "attestation": "AA", "transports": []},
        Answer.CONFLICT,
    ),
    ServerAct("rename_passkey", "people", {"passkey": 2**52, "name": "x"}, NOT_FOUND),
    ServerAct("remove_passkey", "people", {"passkey": 2**52, "password": _PASSWORD}, NOT_FOUND),
    ServerAct("ask_export", "people", {"password": "wrong words"}, FORBIDDEN),
    ServerAct("export", "people", {}, NOT_FOUND),
    ServerAct("export_link", "people", {}, NOT_FOUND),
    ServerAct("ask_confirmation", "people", {}, Answer.CONFLICT),
    ServerAct("confirm_address", "people", {"code": "c-no"}, GONE),
    ServerAct("choose_mail", "people", {"after": 900}),
    ServerAct(
        "choose_quiet_hours",
        "people",
        {"on": True, "start": "22:00", "end": "07:00", "days": ["mon"], "zone": "nowhere"},
        Answer.INVALID,
    ),
    ServerAct("link_identity", "people", {"code": "no", "state": "no"}, Answer.CONFLICT),
    ServerAct("unlink_identity", "people", {}, Answer.CONFLICT),
    ServerAct("push_info", "people", {}),
    ServerAct(
        "subscribe_push",
        "people",
        {"endpoint": "http://push", "keys": {"p256dh": "AA", "auth": "AA"}},
        Answer.INVALID,
    ),
    ServerAct("unsubscribe_push", "people", {}),
    ServerAct("choose_push", "people", {"text": True}),
    ServerAct("try_push", "people", {}, Answer.CONFLICT),
    ServerAct("new_token", "people", {"name": "of the tests", "password": _PASSWORD, "days": 1}),
    ServerAct("end_session", "people", {"id": 2**52}, NOT_FOUND),
    ServerAct("end_other_sessions", "people", {}),
    ServerAct("log_out", "everybody", {}),
)
"""Those that end sessions come last."""


def server_answer(act: ServerAct, caller: str) -> Answer:
    """What comes of it, by the rules."""
    if caller in GROUPS[act.group]:
        return act.answer
    return UNAUTHENTICATED if caller in ("nobody", *NO_LONGER) else FORBIDDEN
