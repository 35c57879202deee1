"""Which calls of the storage's ports write and which read (`chat/domain/ports.py`), by their names.

A write that has begun is finished before a cancellation is felt, and its outcome may be unknown; a read can be
cancelled, and only fails. Fake and troubled storages ask here. `tests/storage/test_port_calls.py` holds the two sets
against the ports.
"""

WRITES = frozenset(
    {
        "add",
        "create",
        "delete",
        "direct_room",
        "invite",
        "leave",
        "mark_delivered",
        "raise_token_generation",
        "remove_deleted",
        "register",
        "rename",
        "renew",
        "save",
        "set_disabled",
        "set_password",
        "set_roles",
        "support_room",
    }
)

READS = frozenset(
    {
        "by_email",
        "by_id",
        "by_ids",
        "by_name",
        "conversations",
        "everyone",
        "is_invite",
        "is_member",
        "live",
        "look_alikes",
        "made_by_people",
        "members_among",
        "newest_id",
        "of_member",
        "ping",
        "read_log",
        "settled_id",
        "timeline",
        "undelivered",
        "watch",
    }
)
