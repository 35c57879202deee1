"""Names of the accounts of programs: a hook's and a bot's end with a mark that no person's name can have."""

from chat.domain.entities import Person
from chat.domain.refusals import Code, Refusal
from chat.domain.text.rules import NAME_LENGTH, clean_room_name

HOOK_MARK = " (hook)"
"""Ends the account name of each hook, and of nobody else: names of people have no parentheses."""

BOT_MARK = " (bot)"
"""Ends the account name of each bot, and of nobody else."""

MARKS = HOOK_MARK, BOT_MARK

LONGEST_NAME = NAME_LENGTH - max(map(len, MARKS))
"""Letters of what a hook or a bot is called."""

NOT_OF_PROGRAM = " AND ".join(f"{{name}} NOT LIKE '%{mark}'" for mark in MARKS)
"""A condition of SQL: the account with this name is of no program."""

_BAD_NAME = Refusal(
    Code.INVALID,
    f"a hook's name has 1 to {LONGEST_NAME} letters, digits, '_', '.', '-' and single spaces between them",
    field="name",
    reason="bad_hook_name",
)


def is_program(person: Person) -> bool:
    """Whether this is the account of a hook or a bot. Sync and pure."""
    return person.is_visitor and person.name.endswith(MARKS)


def account_name(name: str, mark: str) -> str | Refusal:
    """Return the account name of a hook or a bot that is called so, or the refusal."""
    clean = clean_room_name(name.strip())
    if isinstance(clean, Refusal) or len(clean) > LONGEST_NAME:
        return _BAD_NAME
    return clean + mark


def name_of(account: str) -> str:
    """Return what a hook or a bot with this account name is called."""
    return account.removesuffix(HOOK_MARK).removesuffix(BOT_MARK)
