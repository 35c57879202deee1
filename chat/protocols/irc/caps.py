"""The capabilities that clients may ask for (https://ircv3.net/specs/extensions/capability-negotiation)."""

from enum import Flag, auto

from chat.domain.text.rules import TEXT_LENGTH

MOST_LINES = 100
"""Lines of a client's multiline message."""


class Cap(Flag):
    """What a client has asked for."""

    NONE = 0
    ACCOUNT_NOTIFY = auto()
    ACCOUNT_TAG = auto()
    AWAY_NOTIFY = auto()
    BATCH = auto()
    CAP_NOTIFY = auto()
    ECHO = auto()
    EXTENDED_JOIN = auto()
    HISTORY = auto()
    LABELS = auto()
    MULTILINE = auto()
    MULTI_PREFIX = auto()
    NO_NAMES = auto()
    READ_MARKER = auto()
    REDACTION = auto()
    RENAME = auto()
    REPLIES = auto()
    SASL = auto()
    TAGS = auto()
    TIME = auto()
    USERHOSTS = auto()


NAMES: dict[str, Cap] = {
    "account-notify": Cap.ACCOUNT_NOTIFY,
    "account-tag": Cap.ACCOUNT_TAG,
    "away-notify": Cap.AWAY_NOTIFY,
    "batch": Cap.BATCH,
    "cap-notify": Cap.CAP_NOTIFY,
    "draft/channel-rename": Cap.RENAME,
    "draft/chathistory": Cap.HISTORY,
    "draft/message-redaction": Cap.REDACTION,
    "draft/multiline": Cap.MULTILINE,
    "draft/read-marker": Cap.READ_MARKER,
    "echo-message": Cap.ECHO,
    "extended-join": Cap.EXTENDED_JOIN,
    "labeled-response": Cap.LABELS,
    "message-tags": Cap.TAGS,
    "multi-prefix": Cap.MULTI_PREFIX,
    "no-implicit-names": Cap.NO_NAMES,
    "sasl": Cap.SASL,
    "server-time": Cap.TIME,
    "standard-replies": Cap.REPLIES,
    "userhost-in-names": Cap.USERHOSTS,
}

VALUES = {
    "draft/multiline": f"max-bytes={4 * TEXT_LENGTH},max-lines={MOST_LINES}",
    "sasl": "PLAIN",
}
"""Values that clients of version 302 get."""

IN_MESSAGES = (
    Cap.ACCOUNT_TAG
    | Cap.BATCH
    | Cap.ECHO
    | Cap.EXTENDED_JOIN
    | Cap.MULTILINE
    | Cap.REDACTION
    | Cap.RENAME
    | Cap.TAGS
    | Cap.TIME
)
"""Those that change how a message is written: clients that agree in them share its bytes."""


def names_of(caps: Cap) -> list[str]:
    """Return the names of these capabilities. Sync and pure."""
    return [name for name, cap in NAMES.items() if cap in caps]


def offered(version: int) -> list[str]:
    """Return what CAP LS lists for this version of the negotiation. Sync and pure."""
    if version < 302:
        return list(NAMES)
    return [f"{name}={VALUES[name]}" if name in VALUES else name for name in NAMES]


def changed(caps: Cap, names: list[str], version: int) -> Cap | None:
    """Return the capabilities after a request; None: one of them is not offered, so nothing changes. Sync and pure."""
    for name in names:
        cap = NAMES.get(name.removeprefix("-"))
        if cap is None or (name == "-cap-notify" and version >= 302):
            return None
        caps = caps & ~cap if name.startswith("-") else caps | cap
    return caps
