"""Refusals about bots, and how many a person may have. All of it is sync and pure."""

from chat.domain.refusals import Code, Refusal

MOST_BOTS = 20
"""Bots of one person."""

MOST_IN_ROOM = 100
"""Bots of a room that are listed."""

NO_BOT = Refusal(Code.NOT_FOUND, "there is no such bot", reason="no_bot")
OFF_BY_ADMIN = Refusal(
    Code.FORBIDDEN,
    "an admin has switched this bot off: only an admin switches it on",
    reason="bot_off_by_admin",
)
BOT_TAKEN = Refusal(Code.TAKEN, "a bot of that name exists", field="name", reason="bot_name_taken")
TOO_MANY_BOTS = Refusal(
    Code.TOO_MANY, f"one has at most {MOST_BOTS} bots: remove one first", reason="too_many_bots"
)
