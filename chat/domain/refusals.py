"""Expected refusals, as values that services return instead of a result."""

from enum import StrEnum

import msgspec


class Code(StrEnum):
    """The reason, for programs."""

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
    """A refusal.

    Attributes:
        code: for programs.
        text: for people, in English; it may be reworded.
        retry_after: seconds after which the request may be repeated.
        field: the wrong field.
        reason: the stable key of the text, on which clients hang translations. None where `code` says enough: for
            malformed requests and for failures.
    """

    code: Code
    text: str
    retry_after: float | None = None
    field: str | None = None
    reason: str | None = None


BAD_FRAME = Refusal(Code.MALFORMED, "the frame is not JSON of the expected shape")
BINARY_FRAME = Refusal(Code.MALFORMED, "binary frames are not understood, send text")
NOT_AUTHORISED = Refusal(Code.UNAUTHENTICATED, "not authorised: send auth <token> first")
BAD_TOKEN = Refusal(Code.UNAUTHENTICATED, "the token is not valid", reason="bad_token")
NOT_FOR_VISITORS = Refusal(
    Code.FORBIDDEN,
    "a visitor has their own support conversation, and nothing else",
    reason="not_for_visitors",
)
NOT_FOR_BOTS = Refusal(Code.FORBIDDEN, "bots can't do this", reason="not_for_bots")
EXPIRED_TOKEN = Refusal(Code.EXPIRED, "the token has expired", reason="token_expired")
BAD_CREDENTIALS = Refusal(Code.UNAUTHENTICATED, "invalid credentials", reason="bad_credentials")
NAME_TAKEN = Refusal(Code.TAKEN, "that name is taken", field="name", reason="name_taken")
LOOK_TAKEN = Refusal(Code.TAKEN, "that name looks like another's", field="name", reason="name_looks_taken")
DISPLAY_TAKEN = Refusal(
    Code.TAKEN, "that display name looks like another's", field="display", reason="display_looks_taken"
)
EMAIL_TAKEN = Refusal(Code.TAKEN, "email already registered", field="email", reason="email_taken")
NOT_ADMIN = Refusal(Code.FORBIDDEN, "only admins can do this", reason="not_admin")
OTHER_NAME = Refusal(Code.FORBIDDEN, "that is not your name", reason="other_name")
NOT_SAVED = Refusal(Code.UNAVAILABLE, "the message could not be saved, try again")
OUTCOME_UNKNOWN = Refusal(
    Code.OUTCOME_UNKNOWN, "the message may or may not have been saved", reason="message_unknown"
)
CHANGE_NOT_SAVED = Refusal(Code.UNAVAILABLE, "it could not be saved, try again")
CHANGE_UNKNOWN = Refusal(
    Code.OUTCOME_UNKNOWN,
    "it may or may not have been saved: check before you repeat it",
    reason="change_unknown",
)
UNAVAILABLE = Refusal(Code.UNAVAILABLE, "the database does not answer, try again")
FILES_UNAVAILABLE = Refusal(
    Code.UNAVAILABLE,
    "the server's disk does not store or read files now, try again later",
    reason="files_unavailable",
)
ROOM_GONE = Refusal(Code.NOT_FOUND, "the room is gone", reason="room_gone")
NO_ROOM = Refusal(Code.NOT_FOUND, "there is no such room", reason="no_room")
NO_MESSAGE = Refusal(Code.NOT_FOUND, "there is no such message", reason="no_message")
NO_PERSON = Refusal(Code.NOT_FOUND, "there is no such person", reason="no_person")
ALREADY_IN = Refusal(Code.TAKEN, "already in the room", reason="already_member")
BLOCKED = Refusal(Code.FORBIDDEN, "this person doesn't accept messages from you", reason="blocked")
PRIVATE = Refusal(Code.FORBIDDEN, "the room is private", reason="room_private")
NO_MEMBER = Refusal(Code.NOT_FOUND, "not a member of the room", reason="not_member")
NOT_MEMBER = Refusal(Code.FORBIDDEN, "not a member of the room", reason="not_member")
BANNED = Refusal(Code.FORBIDDEN, "you are banned from this room", reason="banned")
ARCHIVED = Refusal(Code.FORBIDDEN, "the room is archived", reason="room_archived")
ROOM_TAKEN = Refusal(Code.TAKEN, "a room of that name exists", field="name", reason="room_name_taken")
LAST_OWNER = Refusal(
    Code.CONFLICT, "this is the room's last owner: make someone else an owner first", reason="last_owner"
)
INVITE_OVER = Refusal(Code.GONE, "this invitation is used up, revoked or expired", reason="invite_over")
