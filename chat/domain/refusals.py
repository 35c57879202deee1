"""Expected refusals are values: what a service answers in place of the thing that was asked for."""

from enum import StrEnum

import msgspec


class Code(StrEnum):
    """Why, for programs."""

    MALFORMED = "malformed"
    INVALID = "invalid"
    UNKNOWN_TYPE = "unknown_type"
    UNAUTHENTICATED = "unauthenticated"
    EXPIRED = "expired"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    TAKEN = "taken"
    CONFLICT = "conflict"
    GONE = "gone"
    TOO_BIG = "too_big"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    OUTCOME_UNKNOWN = "outcome_unknown"
    INTERNAL = "internal"


class Refusal(msgspec.Struct, frozen=True):
    """A refusal: a code for programs, a sentence for people, when to try again (seconds), and which field is wrong."""

    code: Code
    text: str
    retry_after: float | None = None
    field: str | None = None


BAD_FRAME = Refusal(Code.MALFORMED, "the frame is not JSON of the expected shape")
BINARY_FRAME = Refusal(Code.MALFORMED, "binary frames are not understood, send text")
NOT_AUTHORISED = Refusal(Code.UNAUTHENTICATED, "not authorised: send auth <token> first")
BAD_TOKEN = Refusal(Code.UNAUTHENTICATED, "the token is not valid")
NOT_FOR_VISITORS = Refusal(Code.FORBIDDEN, "a visitor has their own support conversation, and nothing else")
EXPIRED_TOKEN = Refusal(Code.EXPIRED, "the token has expired")
BAD_CREDENTIALS = Refusal(Code.UNAUTHENTICATED, "invalid credentials")
NAME_TAKEN = Refusal(Code.TAKEN, "that name is taken", field="name")
LOOK_TAKEN = Refusal(Code.TAKEN, "that name looks like another's", field="name")
DISPLAY_TAKEN = Refusal(Code.TAKEN, "that display name looks like another's", field="display")
EMAIL_TAKEN = Refusal(Code.TAKEN, "email already registered", field="email")
NOT_ADMIN = Refusal(Code.FORBIDDEN, "only admins can do this")
OTHER_NAME = Refusal(Code.FORBIDDEN, "that is not your name")
NOT_SAVED = Refusal(Code.UNAVAILABLE, "the message could not be saved, try again")
OUTCOME_UNKNOWN = Refusal(Code.OUTCOME_UNKNOWN, "the message may or may not have been saved")
CHANGE_NOT_SAVED = Refusal(Code.UNAVAILABLE, "it could not be saved, try again")
CHANGE_UNKNOWN = Refusal(
    Code.OUTCOME_UNKNOWN, "it may or may not have been saved: check before you repeat it"
)
UNAVAILABLE = Refusal(Code.UNAVAILABLE, "the database does not answer, try again")
ROOM_GONE = Refusal(Code.NOT_FOUND, "the room is gone")
NO_ROOM = Refusal(Code.NOT_FOUND, "there is no such room")
NO_MESSAGE = Refusal(Code.NOT_FOUND, "there is no such message")
NO_PERSON = Refusal(Code.NOT_FOUND, "there is no such person")
ALREADY_IN = Refusal(Code.TAKEN, "already in the room")
BLOCKED = Refusal(Code.FORBIDDEN, "this person doesn't accept messages from you")
PRIVATE = Refusal(Code.FORBIDDEN, "the room is private")
NO_MEMBER = Refusal(Code.NOT_FOUND, "not a member of the room")
NOT_MEMBER = Refusal(Code.FORBIDDEN, "not a member of the room")
BANNED = Refusal(Code.FORBIDDEN, "you are banned from this room")
ARCHIVED = Refusal(Code.FORBIDDEN, "the room is archived")
ROOM_TAKEN = Refusal(Code.TAKEN, "a room of that name exists", field="name")
LAST_OWNER = Refusal(Code.CONFLICT, "this is the room's last owner: make someone else an owner first")
INVITE_OVER = Refusal(Code.GONE, "this invitation is used up, revoked or expired")
