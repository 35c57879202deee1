"""Second factors in the native protocol, over HTTP."""

from typing import Annotated

from msgspec import Meta

from chat.domain.refusals import NO_PERSON, Code, Refusal
from chat.engine.services import EngineServices
from chat.features.second_factor import use_cases
from chat.features.second_factor.codes import uri_of, written
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.sessions import SecondFactorCode
from chat.operations.values import Id, Password, Value


class SecondFactorState(Value, kw_only=True, frozen=True):
    """Whether one has a second factor, and has to; `app`: an authenticator app; and how many recovery codes are left.

    With `on` and without `app` it is a passkey.
    """

    on: bool
    app: bool = False
    required: bool
    recovery_codes: Annotated[int, Meta(ge=0)]


class BeginSecondFactor(Value, kw_only=True, frozen=True):
    """One's own password, and a code of a passkey, for a new secret; each if there is one."""

    password: Password | None = None
    code: SecondFactorCode | None = None


class NewSecondFactor(Value, kw_only=True, frozen=True):
    """A secret for an app that makes codes, in base32, and as the address that its QR code shows."""

    secret: str
    uri: str


class ConfirmSecondFactor(Value, kw_only=True, frozen=True):
    """A code of the new secret."""

    code: SecondFactorCode


class RecoveryCodes(Value, kw_only=True, frozen=True):
    """Codes that each log one in once, in place of the app's; they are shown only here."""

    recovery_codes: list[str]


class ProveSecondFactor(Value, kw_only=True, frozen=True):
    """One's own password, if there is one, and a code of the second factor."""

    password: Password | None = None
    code: SecondFactorCode


class WhoseSecondFactor(Value, kw_only=True, frozen=True):
    """The person whose second factor is removed."""

    person: Id


async def second_factor(services: EngineServices, caller: Caller, _request: None) -> SecondFactorState:
    """Get whether one has a second factor, and has to have one."""
    found = await use_cases.state(services, caller.known)
    return SecondFactorState(
        on=found.is_on, app=found.has_app, required=found.is_required, recovery_codes=found.recovery_codes
    )


async def begin_second_factor(
    services: EngineServices, caller: Caller, request: BeginSecondFactor
) -> NewSecondFactor | Refusal:
    """Get a new secret for an app that makes codes; it is in force once a code of it has confirmed it."""
    me = caller.known
    secret = await use_cases.begin(services, me, request.password, request.code, caller.device.address)
    if isinstance(secret, Refusal):
        return secret
    return NewSecondFactor(secret=written(secret), uri=uri_of(secret, me.name, services.settings.server_name))


async def confirm_second_factor(
    services: EngineServices, caller: Caller, request: ConfirmSecondFactor
) -> RecoveryCodes | Refusal:
    """Confirm the new secret by a code: log-ins need a code from now on. Returns ten recovery codes."""
    made = await use_cases.confirm(services, caller.known, request.code)
    return made if isinstance(made, Refusal) else RecoveryCodes(recovery_codes=made)


async def new_recovery_codes(
    services: EngineServices, caller: Caller, request: ProveSecondFactor
) -> RecoveryCodes | Refusal:
    """Get ten other recovery codes; the earlier ones are good no more."""
    made = await use_cases.replace_codes(
        services, caller.known, request.password, request.code, caller.device.address
    )
    return made if isinstance(made, Refusal) else RecoveryCodes(recovery_codes=made)


async def remove_second_factor(
    services: EngineServices, caller: Caller, request: ProveSecondFactor
) -> Refusal | None:
    """Remove one's own authenticator app, with the password and a code; passkeys stay."""
    return await use_cases.remove_own(
        services, caller.known, request.password, request.code, caller.device.address
    )


async def remove_second_factor_of(
    services: EngineServices, caller: Caller, request: WhoseSecondFactor
) -> Refusal | None:
    """Remove the second factor of another person, who has lost it."""
    person = await services.accounts.person(request.person)
    return NO_PERSON if person is None else await use_cases.remove_of(services, person, caller.known)


OPERATIONS = (
    Operation(
        name="second_factor",
        method="GET",
        path="/me/second-factor",
        reply=SecondFactorState,
        before_set_up=True,
        handler=second_factor,
    ),
    Operation(
        name="begin_second_factor",
        method="POST",
        path="/me/second-factor",
        request=BeginSecondFactor,
        reply=NewSecondFactor,
        status=201,
        tokens=False,
        before_set_up=True,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=begin_second_factor,
    ),
    Operation(
        name="confirm_second_factor",
        method="POST",
        path="/me/second-factor/confirm",
        request=ConfirmSecondFactor,
        reply=RecoveryCodes,
        tokens=False,
        before_set_up=True,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=confirm_second_factor,
    ),
    Operation(
        name="new_recovery_codes",
        method="POST",
        path="/me/second-factor/recovery-codes",
        request=ProveSecondFactor,
        reply=RecoveryCodes,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=new_recovery_codes,
    ),
    Operation(
        name="remove_second_factor",
        method="POST",
        path="/me/second-factor/removal",
        request=ProveSecondFactor,
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=remove_second_factor,
    ),
    Operation(
        name="remove_second_factor_of",
        method="DELETE",
        path="/admin/people/{person}/second-factor",
        request=WhoseSecondFactor,
        status=204,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=remove_second_factor_of,
    ),
)
