"""Which calls of the storage's ports write and which read (`chat/domain/ports.py`), by their names.

A write that has begun is finished before a cancellation is felt, and its outcome may be unknown; a read can be
cancelled, and only fails. Fake and troubled storages ask here. `tests/storage/test_port_calls.py` holds the two sets
against the ports.
"""

WRITES = frozenset(
    {
        "add",
        "administer",
        "begin",
        "change_settings",
        "change_profile",
        "create",
        "delete",
        "direct_room",
        "end",
        "end_family",
        "end_others",
        "forget_acts",
        "invite",
        "leave",
        "make_admin",
        "mark_delivered",
        "prepare",
        "mark_read",
        "refresh",
        "remove_deleted",
        "register",
        "rename",
        "renew",
        "save",
        "set_own",
        "set_password",
        "support_room",
        "take_try",
    }
)

READS = frozenset(
    {
        "access",
        "acts",
        "by_email",
        "by_id",
        "by_ids",
        "by_name",
        "changed_settings",
        "conversations",
        "counts",
        "everyone",
        "history",
        "is_invite",
        "is_member",
        "is_needed",
        "joinable",
        "live",
        "living",
        "look_alikes",
        "made_by_people",
        "members",
        "members_among",
        "newest_id",
        "of_member",
        "of_person",
        "page",
        "ping",
        "read_log",
        "reads_since",
        "replay",
        "rooms_of",
        "settled_id",
        "snapshots",
        "standings",
        "timeline",
        "undelivered",
        "watch",
    }
)
