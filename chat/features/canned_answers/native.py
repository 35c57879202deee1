"""Canned answers in the native protocol, over HTTP."""

from typing import Annotated

from msgspec import Meta

from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.canned_answers import use_cases
from chat.features.canned_answers.port import CANNED_ANSWERS
from chat.features.canned_answers.port import CannedAnswer as Kept
from chat.operations.operation import Caller, Cost, Operation
from chat.operations.values import Id, Limit, Value

_Shortcut = Annotated[str, Meta(description="1 to 32 letters, digits, - and _; kept in lower case")]
_Text = Annotated[str, Meta(description="1 to 4,000 characters")]


class CannedAnswer(Value, kw_only=True, frozen=True):
    """A text that operators send by its shortcut: one's own, or a shared one.

    Clients fill in `{visitor}`, `{operator}` and `{page}`.
    """

    id: Id
    shortcut: _Shortcut
    text: _Text
    shared: bool = False


class WhichCannedAnswers(Value, kw_only=True, frozen=True):
    """A page of the answers; `after` is the `next` of the page before."""

    after: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0
    limit: Limit = 100


class CannedAnswers(Value, kw_only=True, frozen=True):
    """Answers in the order in which they were made. If there are more, `next` is the `after` of the next page."""

    answers: list[CannedAnswer]
    next: Id | None = None


class AddCannedAnswer(Value, kw_only=True, frozen=True):
    """A new answer: one's own, as an operator, or a shared one, as an admin."""

    shortcut: _Shortcut
    text: _Text
    shared: bool = False


class ChangeCannedAnswer(Value, kw_only=True, frozen=True):
    """A new shortcut or text of an answer; fields that are left out stay."""

    answer: Id
    shortcut: _Shortcut | None = None
    text: _Text | None = None


class WhichCannedAnswer(Value, kw_only=True, frozen=True):
    """A canned answer."""

    answer: Id


async def canned_answers(
    services: EngineServices, caller: Caller, request: WhichCannedAnswers
) -> CannedAnswers | Refusal:
    """List one's own and the shared canned answers, as an operator; as an admin only, the shared ones."""
    answers = services.feature_ports[CANNED_ANSWERS]
    found = await use_cases.page(answers, caller.known, request.after, request.limit + 1)
    if isinstance(found, Refusal):
        return found
    page = found[: request.limit]
    return CannedAnswers(
        answers=[_answer(each) for each in page], next=page[-1].id if len(found) > len(page) else None
    )


async def add_canned_answer(
    services: EngineServices, caller: Caller, request: AddCannedAnswer
) -> CannedAnswer | Refusal:
    """Add a canned answer of one's own, as an operator, or a shared one, as an admin."""
    answers = services.feature_ports[CANNED_ANSWERS]
    added = await use_cases.add(
        answers, caller.known, request.shortcut, request.text, is_shared=request.shared
    )
    return added if isinstance(added, Refusal) else _answer(added)


async def change_canned_answer(
    services: EngineServices, caller: Caller, request: ChangeCannedAnswer
) -> CannedAnswer | Refusal:
    """Change a canned answer of one's own, or a shared one as an admin."""
    answers = services.feature_ports[CANNED_ANSWERS]
    changed = await use_cases.change(answers, caller.known, request.answer, request.shortcut, request.text)
    return changed if isinstance(changed, Refusal) else _answer(changed)


async def remove_canned_answer(
    services: EngineServices, caller: Caller, request: WhichCannedAnswer
) -> Refusal | None:
    """Remove a canned answer of one's own, or a shared one as an admin."""
    return await use_cases.remove(services.feature_ports[CANNED_ANSWERS], caller.known, request.answer)


def _answer(kept: Kept) -> CannedAnswer:
    return CannedAnswer(id=kept.id, shortcut=kept.shortcut, text=kept.text, shared=kept.owner_id is None)


_REFUSED = (Code.INVALID, Code.FORBIDDEN, Code.TAKEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(
        name="canned_answers",
        method="GET",
        path="/support/answers",
        request=WhichCannedAnswers,
        reply=CannedAnswers,
        cost=Cost.PAGE,
        refuses=(Code.FORBIDDEN,),
        handler=canned_answers,
    ),
    Operation(
        name="add_canned_answer",
        method="POST",
        path="/support/answers",
        request=AddCannedAnswer,
        reply=CannedAnswer,
        status=201,
        cost=Cost.TEXT,
        refuses=(*_REFUSED, Code.CONFLICT),
        handler=add_canned_answer,
    ),
    Operation(
        name="change_canned_answer",
        method="PATCH",
        path="/support/answers/{answer}",
        request=ChangeCannedAnswer,
        reply=CannedAnswer,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=change_canned_answer,
    ),
    Operation(
        name="remove_canned_answer",
        method="DELETE",
        path="/support/answers/{answer}",
        request=WhichCannedAnswer,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=remove_canned_answer,
    ),
)
