"""Passkeys in the native protocol, over HTTP."""

from typing import Annotated, Literal

from msgspec import Meta

from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.second_factor.passkeys import use_cases
from chat.features.second_factor.passkeys.challenges import decoded, encoded
from chat.features.second_factor.passkeys.port import PASSKEYS, Passkey
from chat.features.second_factor.passkeys.use_cases import PASSKEYS_OFF, handle_of, usable_site
from chat.features.second_factor.passkeys.verification import ALGORITHMS, Assertion, Attestation
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.sessions import SecondFactorCode, Session, as_session
from chat.operations.values import Id, Password, Time, Value

_BASE64 = r"^[A-Za-z0-9_-]*$(?!\n)"
CredentialId = Annotated[str, Meta(min_length=1, max_length=1364, pattern=_BASE64, description="base64url")]
ClientData = Annotated[str, Meta(min_length=1, max_length=4096, pattern=_BASE64, description="base64url")]
Bytes = Annotated[str, Meta(min_length=1, max_length=8192, pattern=_BASE64, description="base64url")]
PasskeyName = Annotated[str, Meta(max_length=64)]
Problem = Literal["passkeys_no_url", "passkeys_off"]
Transport = Literal["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"]


class PasskeyChallenge(Value, kw_only=True, frozen=True):
    """What a browser signs with a passkey: `challenge` in base64url, and `rp_id`, the host of the passkeys."""

    challenge: str
    rp_id: str


class UsedPasskey(Value, kw_only=True, frozen=True):
    """What a browser answers (AuthenticatorAssertionResponse), each part in base64url. `user` is `userHandle`."""

    id: CredentialId
    client_data: ClientData
    authenticator_data: Bytes
    signature: Bytes
    user: Annotated[str, Meta(min_length=1, max_length=88, pattern=_BASE64, description="base64url")]


class PasskeyLogin(UsedPasskey, kw_only=True, frozen=True):
    """A used passkey; `device` is the person's name for this device."""

    device: Annotated[str, Meta(max_length=64)] = ""


class PasskeyCode(Value, kw_only=True, frozen=True):
    """A code that is good once, for two minutes, wherever a code of the second factor is asked for."""

    code: str


class PasskeyInfo(Value, kw_only=True, frozen=True):
    """One of one's own passkeys, and when it was last used."""

    id: Id
    name: PasskeyName
    created: Time
    used: Time | None = None


class OwnPasskeys(Value, kw_only=True, frozen=True, omit_defaults=False):
    """One's own passkeys, the first one first. `problem` is why no passkey can be added or used now."""

    passkeys: list[PasskeyInfo]
    problem: Problem | None


class ProvePasskey(Value, kw_only=True, frozen=True):
    """One's own password, if there is one, and a code of the second factor, if there is one."""

    password: Password | None = None
    code: SecondFactorCode | None = None


class KnownPasskey(Value, kw_only=True, frozen=True):
    """A passkey that one has: a browser makes no second one in the same authenticator."""

    id: CredentialId
    transports: list[Transport]


class NewPasskeyOptions(PasskeyChallenge, kw_only=True, frozen=True):
    """With what a browser makes a passkey. `user` is the handle of the account; `algorithms` are those of COSE."""

    user: str
    name: str
    server: str
    algorithms: list[int]
    known: list[KnownPasskey]


class AddPasskey(Value, kw_only=True, frozen=True):
    """What a browser answers (AuthenticatorAttestationResponse), each part in base64url, and a name for it."""

    id: CredentialId
    client_data: ClientData
    attestation: Bytes
    transports: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=16)]
    name: PasskeyName = ""


class AddedPasskey(Value, kw_only=True, frozen=True):
    """The new passkey. `recovery_codes` come with the first second factor, and are shown only here."""

    passkey: PasskeyInfo
    recovery_codes: list[str]


class RenamePasskey(Value, kw_only=True, frozen=True):
    """Another name for a passkey."""

    passkey: Id
    name: PasskeyName


class RemovePasskey(ProvePasskey, kw_only=True, frozen=True):
    """The passkey to remove, one's own password, if there is one, and a code of the second factor."""

    passkey: Id


async def begin_passkey(
    services: EngineServices, _caller: Caller, _request: None
) -> PasskeyChallenge | Refusal:
    """Get a challenge to sign with a passkey; it is good once, for five minutes."""
    begun = use_cases.begin(services)
    if isinstance(begun, Refusal):
        return begun
    site, challenge = begun
    return PasskeyChallenge(challenge=encoded(challenge), rp_id=site.rp_id)


async def passkey_login(services: EngineServices, caller: Caller, request: PasskeyLogin) -> Session | Refusal:
    """Begin a session by a passkey, without a password."""
    sent = _assertion(request)
    if isinstance(sent, Refusal):
        return sent
    return as_session(await use_cases.log_in(services, sent, caller.device, request.device))


async def passkey_code(
    services: EngineServices, caller: Caller, request: UsedPasskey
) -> PasskeyCode | Refusal:
    """Exchange a used passkey for a code that takes the place of one of an authenticator app."""
    sent = _assertion(request)
    if isinstance(sent, Refusal):
        return sent
    code = await use_cases.exchange(services, sent, caller.device.address)
    return code if isinstance(code, Refusal) else PasskeyCode(code=code)


async def passkeys(services: EngineServices, caller: Caller, _request: None) -> OwnPasskeys:
    """List one's own passkeys."""
    site = usable_site(services)
    problem: Problem | None = None
    if isinstance(site, Refusal):
        problem = "passkeys_off" if site is PASSKEYS_OFF else "passkeys_no_url"
    known = await services.feature_ports[PASSKEYS].of_person(caller.known.id)
    return OwnPasskeys(passkeys=[_info(each) for each in known], problem=problem)


async def begin_new_passkey(
    services: EngineServices, caller: Caller, request: ProvePasskey
) -> NewPasskeyOptions | Refusal:
    """Get what a browser makes a passkey with, after one has proved who one is."""
    me = caller.known
    begun = await use_cases.begin_adding(services, me, request.password, request.code, caller.device.address)
    if isinstance(begun, Refusal):
        return begun
    site, challenge, known = begun
    return NewPasskeyOptions(
        challenge=encoded(challenge),
        rp_id=site.rp_id,
        user=encoded(handle_of(me)),
        name=me.name,
        server=services.settings.server_name,
        algorithms=list(ALGORITHMS),
        known=[
            KnownPasskey(id=encoded(each.credential_id), transports=_known_among(each.transports))
            for each in known
        ],
    )


async def add_passkey(
    services: EngineServices, caller: Caller, request: AddPasskey
) -> AddedPasskey | Refusal:
    """Add the passkey that a browser has made."""
    parts = [decoded(each) for each in (request.id, request.client_data, request.attestation)]
    if None in parts:
        return use_cases.NOT_ADDED
    sent = Attestation(*(each or b"" for each in parts))
    transports = tuple(_known_among(request.transports))
    made = await use_cases.add(services, caller.known, sent, transports, request.name)
    if isinstance(made, Refusal):
        return made
    return AddedPasskey(passkey=_info(made.passkey), recovery_codes=made.recovery_codes)


async def rename_passkey(services: EngineServices, caller: Caller, request: RenamePasskey) -> Refusal | None:
    """Give one's own passkey another name."""
    return await use_cases.rename(services, caller.known, request.passkey, request.name)


async def remove_passkey(services: EngineServices, caller: Caller, request: RemovePasskey) -> Refusal | None:
    """Remove one's own passkey, after one has proved who one is."""
    return await use_cases.remove(
        services, caller.known, request.passkey, request.password, request.code, caller.device.address
    )


def _assertion(request: UsedPasskey) -> Assertion | Refusal:
    parts = [
        decoded(each)
        for each in (
            request.id,
            request.client_data,
            request.authenticator_data,
            request.signature,
            request.user,
        )
    ]
    return use_cases.BAD_PASSKEY if None in parts else Assertion(*(each or b"" for each in parts))


def _info(passkey: Passkey) -> PasskeyInfo:
    used = passkey.used_at
    return PasskeyInfo(
        id=passkey.id,
        name=passkey.name,
        created=round(passkey.created_at * 1000),
        used=None if used is None else round(used * 1000),
    )


_TRANSPORTS = frozenset(Transport.__args__)  # type: ignore[attr-defined]


def _known_among(transports: list[str] | tuple[str, ...]) -> list[Transport]:
    """Those that are in the standard: browsers may name others."""
    return [each for each in transports if each in _TRANSPORTS]  # type: ignore[misc]


_OF_USES = (
    Code.INVALID,
    Code.UNAUTHENTICATED,
    Code.CONFLICT,
    Code.GONE,
    Code.TOO_MANY,
    Code.OUTCOME_UNKNOWN,
)
_OF_OWN = (Code.INVALID, Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT, Code.GONE, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(
        name="begin_passkey",
        method="POST",
        path="/auth/passkey/begin",
        reply=PasskeyChallenge,
        access=Access.ANYBODY,
        refuses=(Code.UNAUTHENTICATED, Code.CONFLICT),
        handler=begin_passkey,
    ),
    Operation(
        name="passkey_login",
        method="POST",
        path="/auth/passkey",
        request=PasskeyLogin,
        reply=Session,
        access=Access.ANYBODY,
        refuses=_OF_USES,
        handler=passkey_login,
    ),
    Operation(
        name="passkey_code",
        method="POST",
        path="/auth/passkey/code",
        request=UsedPasskey,
        reply=PasskeyCode,
        access=Access.ANYBODY,
        refuses=_OF_USES,
        handler=passkey_code,
    ),
    Operation(
        name="passkeys",
        method="GET",
        path="/me/passkeys",
        reply=OwnPasskeys,
        before_set_up=True,
        handler=passkeys,
    ),
    Operation(
        name="begin_new_passkey",
        method="POST",
        path="/me/passkeys/begin",
        request=ProvePasskey,
        reply=NewPasskeyOptions,
        tokens=False,
        before_set_up=True,
        cost=Cost.MESSAGE,
        refuses=_OF_OWN,
        handler=begin_new_passkey,
    ),
    Operation(
        name="add_passkey",
        method="POST",
        path="/me/passkeys",
        request=AddPasskey,
        reply=AddedPasskey,
        status=201,
        tokens=False,
        before_set_up=True,
        cost=Cost.MESSAGE,
        refuses=_OF_OWN,
        handler=add_passkey,
    ),
    Operation(
        name="rename_passkey",
        method="PATCH",
        path="/me/passkeys/{passkey}",
        request=RenamePasskey,
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_OF_OWN,
        handler=rename_passkey,
    ),
    Operation(
        name="remove_passkey",
        method="POST",
        path="/me/passkeys/{passkey}/removal",
        request=RemovePasskey,
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_OF_OWN,
        handler=remove_passkey,
    ),
)
