"""The server's emoji in the native protocol: over HTTP, and reactions on the socket too."""

from typing import Annotated

from msgspec import Meta

from chat.domain.accounts.bots import Scope
from chat.domain.messages.changes import Reacted
from chat.domain.messages.outcomes import Unchanged
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.custom_emoji import use_cases
from chat.features.custom_emoji.checks import NAME_LENGTH
from chat.features.custom_emoji.use_cases import CUSTOM_EMOJI, MOST_EMOJI
from chat.operations.operation import REFUSED_WRITES, Caller, Cost, Operation, Uploaded
from chat.operations.room_values import WhichMessage
from chat.operations.values import Id, Picture, Value

EmojiName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=NAME_LENGTH,
        description="Small letters a to z, digits, '-' and '_'; `:name:` in texts",
    ),
]


class WhichEmoji(Value, kw_only=True, frozen=True):
    """An emoji of the server by its name."""

    name: EmojiName


class CustomEmoji(Value, kw_only=True, frozen=True):
    """An emoji of the server; its image is served as a picture."""

    name: EmojiName
    picture: Picture
    maker: Id


class CustomEmojiList(Value, kw_only=True, frozen=True):
    """All emoji of the server by name, and whether one may add some."""

    emoji: Annotated[list[CustomEmoji], Meta(max_length=MOST_EMOJI)]
    may_add: bool = False


class CustomReaction(WhichMessage, kw_only=True, frozen=True):
    """A reaction with an emoji of the server."""

    name: EmojiName


class SwitchCustomReaction(CustomReaction, kw_only=True, frozen=True):
    """A reaction with an emoji of the server to add, or to take back."""

    on: bool = True


class CustomReactionNow(Value, kw_only=True, frozen=True):
    """Whether one reacts with this emoji now; `pos` is of the last change of the room."""

    reacted: bool = False
    pos: Id


async def custom_emoji(services: EngineServices, caller: Caller, _request: None) -> CustomEmojiList:
    """List the emoji of the server."""
    found = await services.feature_ports[CUSTOM_EMOJI].all()
    return CustomEmojiList(
        emoji=[CustomEmoji(name=each.name, picture=each.picture, maker=each.maker_id) for each in found],
        may_add=not caller.known.is_visitor and use_cases.may_add(services, caller.known) is None,
    )


async def add_custom_emoji(
    services: EngineServices, caller: Caller, request: WhichEmoji, body: Uploaded
) -> CustomEmoji | Refusal:
    """Upload an emoji: a PNG, WebP or GIF of at most 128 KB."""
    added = await use_cases.add(services, caller.known, request.name, body.pieces)
    if isinstance(added, Refusal):
        return added
    return CustomEmoji(name=added.name, picture=added.picture, maker=added.maker_id)


async def remove_custom_emoji(
    services: EngineServices, caller: Caller, request: WhichEmoji
) -> Refusal | None:
    """Remove an emoji: one's own, or as an admin any."""
    return await use_cases.remove(services, caller.known, request.name)


async def react_custom(
    services: EngineServices, caller: Caller, request: CustomReaction
) -> CustomReactionNow | Refusal:
    """React with an emoji of the server."""
    return await _react(services, caller, request, is_on=True)


async def take_back_custom(
    services: EngineServices, caller: Caller, request: CustomReaction
) -> CustomReactionNow | Refusal:
    """Take a reaction with an emoji of the server back."""
    return await _react(services, caller, request, is_on=False)


async def switch_custom_reaction(
    services: EngineServices, caller: Caller, request: SwitchCustomReaction
) -> CustomReactionNow | Refusal:
    """React with an emoji of the server, or take that back."""
    return await _react(services, caller, request, is_on=request.on)


async def _react(
    services: EngineServices, caller: Caller, request: CustomReaction, *, is_on: bool
) -> CustomReactionNow | Refusal:
    where = request.room, request.seq
    outcome = await use_cases.react(services, caller.known, *where, request.name, is_on=is_on)
    if isinstance(outcome, Refusal):
        return outcome
    assert isinstance(outcome, Reacted | Unchanged)
    return CustomReactionNow(reacted=is_on, pos=outcome.pos)


_REACTION_PATH = "/rooms/{room}/messages/{seq}/custom_reactions/{name}"

OPERATIONS = (
    Operation(
        name="custom_emoji",
        method="GET",
        path="/emoji",
        reply=CustomEmojiList,
        visitors=True,
        bots=(Scope.READ,),
        handler=custom_emoji,
    ),
    Operation(
        name="add_custom_emoji",
        method="PUT",
        path="/emoji/{name}",
        request=WhichEmoji,
        takes_bytes=True,
        reply=CustomEmoji,
        cost=Cost.UPLOAD,
        refuses=(
            Code.INVALID,
            Code.TOO_BIG,
            Code.FORBIDDEN,
            Code.TAKEN,
            Code.CONFLICT,
            Code.TOO_MANY,
            Code.OUTCOME_UNKNOWN,
        ),
        handler=add_custom_emoji,
    ),
    Operation(
        name="remove_custom_emoji",
        method="DELETE",
        path="/emoji/{name}",
        request=WhichEmoji,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=remove_custom_emoji,
    ),
    Operation(
        name="react_custom",
        method="PUT",
        path=_REACTION_PATH,
        request=CustomReaction,
        reply=CustomReactionNow,
        cost=Cost.MESSAGE,
        refuses=REFUSED_WRITES,
        visitors=True,
        bots=(Scope.REACT,),
        handler=react_custom,
    ),
    Operation(
        name="take_back_custom",
        method="DELETE",
        path=_REACTION_PATH,
        request=CustomReaction,
        reply=CustomReactionNow,
        cost=Cost.MESSAGE,
        refuses=REFUSED_WRITES,
        visitors=True,
        bots=(Scope.REACT,),
        handler=take_back_custom,
    ),
    Operation(
        name="switch_custom_reaction",
        on_socket="react_custom",
        request=SwitchCustomReaction,
        reply=CustomReactionNow,
        cost=Cost.MESSAGE,
        refuses=REFUSED_WRITES,
        visitors=True,
        bots=(Scope.REACT,),
        handler=switch_custom_reaction,
    ),
)
