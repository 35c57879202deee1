"""Log-ins by an identity provider and by passkeys, cut off wherever they can wait."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trio
from msgspec import structs
from trio_cancel_sweep import Run, Scenario

from chat.domain.accounts.sessions import Device
from chat.domain.entities import Person
from chat.domain.identity_provider import IdentityProvider
from chat.domain.ports import NewPerson, NewSession, Refreshing
from chat.features.oidc import native as oidc
from chat.features.oidc.port import IDENTITIES, Identity, Logout, ProviderSession
from chat.features.oidc.provider import PROVIDER
from chat.features.second_factor.passkeys import native as passkeys
from chat.features.second_factor.passkeys.port import PASSKEYS
from chat.operations.operation import Caller, Uploaded, WithCookie
from chat.protocols.services import Services
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation.postgres_scenarios import storage_at
from tests.cancellation.swept_world import swept_world
from tests.features.oidc.provider import CLIENT, LyingProvider, new_key, open_lying_provider
from tests.features.second_factor.authenticator import Credential, make
from tests.support.chat_world import World
from tests.support.databases import empty
from tests.support.people import PASSWORD

CHAT = "https://chat.example"
NOBODY = Caller(None, Device("127.0.0.1"))
NONE = b"$2b$04$" + b"." * 53
"""A hash that no password has."""


@asynccontextmanager
async def _asked(run: Run) -> AsyncGenerator[World]:
    """A chat that has the address for which browsers make passkeys, and may ask a provider here."""
    async with swept_world(run) as (world, _witness):
        settings: dict[str, Any] = {"public_url": CHAT, "outbound_hosts": ("127.0.0.1",)}
        await world.services.settings.change(None, settings)
        yield world


async def _added(world: World, name: str, **about: Any) -> Person:
    hashed = await world.accounts.hash(PASSWORD, None)
    assert isinstance(hashed, bytes)
    added = await world.storage.users.add(NewPerson(name=name, **{"password_hash": hashed} | about))
    assert isinstance(added, Person)
    return added


class _Browser:
    """Somebody who logs in by the provider, and consents there."""

    def __init__(self, services: Services, provider: LyingProvider) -> None:
        self.services = services
        self.provider = provider

    async def consent(self, caller: Caller, **asked: Any) -> tuple[Caller, dict[str, str]]:
        """Begin, and return the caller with the cookie, and what the provider sends back."""
        begun = await oidc.begin_provider_login(self.services, caller, oidc.BeginProviderLogin(**asked))
        assert isinstance(begun, WithCookie), begun
        url: str = begun.reply.url  # type: ignore[attr-defined]
        name, _, value = begun.cookie.partition(";")[0].partition("=")
        (state,) = parse_qs(urlsplit(url).query)["state"]
        return structs.replace(caller, cookies={name: value}), {
            "code": self.provider.grant(url),
            "state": state,
        }

    async def log_in(self, sub: str, **claims: Any) -> Any:
        """Log in as somebody of the provider; returns the session, or why there is none."""
        self.provider.sub, self.provider.claims = sub, claims
        caller, answer = await self.consent(NOBODY)
        got = await oidc.provider_login(self.services, caller, oidc.ProviderLogin(**answer))
        return got.reply if isinstance(got, WithCookie) else got

    async def link(self, person: Person, sub: str, **proof: Any) -> Any:
        self.provider.sub, self.provider.claims = sub, {}
        caller, answer = await self.consent(Caller(person, NOBODY.device), link=True, **proof)
        got = await oidc.link_identity(self.services, caller, oidc.ProviderAnswer(**answer))
        return got.reply if isinstance(got, WithCookie) else got

    async def log_out(self, token: str) -> Any:
        """Log somebody out as the provider does."""

        async def pieces() -> AsyncIterator[bytes]:
            await trio.lowlevel.checkpoint()
            yield f"logout_token={token}".encode()

        body = Uploaded("application/x-www-form-urlencoded", None, pieces())
        return await oidc.provider_logout(self.services, NOBODY, None, body)


async def provider_log_ins(run: Run) -> None:
    """New people, known ones, linking, roles, keys that change, and log-outs: afterwards it all works again."""
    async with open_lying_provider() as provider, _asked(run) as world:
        about = IdentityProvider(
            issuer=provider.issuer,
            client_id=CLIENT,
            name="ID",
            roles={"desk": frozenset({"operator"}), "root": frozenset({"admin"})},
            links_by_address=True,
        )
        services = structs.replace(world.services, provider=about)
        ada = await _added(world, "ada", email="ada@example.com")
        eve = await _added(world, "eve", email="eve@example.com")
        olga = await _added(world, "olga", is_admin=True)
        await run.target(_log_in_by_provider, _Browser(services, provider), ada, olga)
        kept = services.feature_ports[PROVIDER]
        assert not kept._asking.locked()
        assert not kept._asking_keys.locked()
        again = await _Browser(services, provider).log_in(
            "s-again", email="eve@example.com", email_verified=True
        )
        assert again.me.id == eve.id


async def _log_in_by_provider(browser: _Browser, ada: Person, olga: Person) -> None:
    services, provider = browser.services, browser.provider
    identities: Any = services.feature_ports[IDENTITIES]
    verified = {"email": "ada@example.com", "email_verified": True}
    # A new person, first with an address that somebody has; then in two tabs at once.
    browser.services = structs.replace(
        services, provider=structs.replace(services.provider, links_by_address=False)
    )
    session = await browser.log_in("s-new", preferred_username="ada", **verified)
    browser.services = services
    new = await services.accounts.check(session.access)
    person_of = identities.person_of

    async def nobody(_identity: Identity) -> None:
        identities.person_of = person_of
        await trio.lowlevel.checkpoint()

    identities.person_of = nobody
    assert (await browser.log_in("s-new")).me.id == session.me.id
    # They have no password: that they have just logged in is their proof.
    caller = Caller(new.person, NOBODY.device)
    assert (await oidc.identity(services, caller, None)).linked
    assert (await oidc.provider_logout_page(services, caller, None)).url
    assert (await oidc.unlink_identity(services, caller, None)).reason == "identity_only_way"
    await browser.consent(caller, link=True)
    # With an invitation, which is none.
    await services.settings.change(None, {"registration": "invite"})
    caller_, answer = await browser.consent(NOBODY)
    provider.sub = "s-invited"
    refused = await oidc.provider_login(services, caller_, oidc.ProviderLogin(**answer, invite="none"))
    assert refused.reason == "bad_invite", refused  # type: ignore[union-attr]
    await services.settings.change(None, {"registration": None})
    # By the address; and from inside, by the password, and unlinked again.
    assert (await browser.log_in("s-ada", **verified)).me.id == ada.id
    assert (await browser.link(olga, "s-olga", password=PASSWORD)).linked
    # The last admin stays one, and gets the role of the desk.
    assert "operator" in (await browser.log_in("s-olga", groups=["desk"])).me.roles
    assert await oidc.unlink_identity(services, Caller(olga, NOBODY.device), None) is None
    # A key that is new; and a log-out, after which an older ID token begins nothing.
    provider.key = new_key("two")
    provider.published = [provider.key]
    kept = services.feature_ports[PROVIDER]
    kept.clock = lambda: trio.current_time() + 40
    assert (await browser.log_in("s-new")).me.id == session.me.id
    assert await browser.log_out(provider.logout_token()) is None
    late = await browser.log_in("s-new", iat=int(time.time()) - 20)
    assert late.reason == "provider_log_in_over", late


async def passkey_log_ins(run: Run) -> None:
    """Add a passkey, log in by it, use it for a code, and remove it: what is said of a person is so."""
    async with _asked(run) as world:
        ada = await _added(world, "ada")
        await run.target(_log_in_by_passkey, world.services, ada)
        person = await world.storage.users.by_id(ada.id)
        left = await world.services.feature_ports[PASSKEYS].of_person(ada.id)
        assert person is not None
        assert person.has_second_factor is bool(left)


async def _log_in_by_passkey(services: Services, ada: Person) -> None:
    caller = Caller(ada, NOBODY.device)

    async def signed(passkey: Credential) -> dict[str, str]:
        begun: Any = await passkeys.begin_passkey(services, NOBODY, None)
        return passkey.sign(begun.challenge)

    async def add(caller: Caller, **proof: Any) -> Credential:
        begun: Any = await passkeys.begin_new_passkey(services, caller, passkeys.ProvePasskey(**proof))
        options = {"user": begun.user, "rp_id": begun.rp_id, "challenge": begun.challenge}
        made, answer = make(options)
        added = await passkeys.add_passkey(services, caller, passkeys.AddPasskey(**answer))
        assert isinstance(added, passkeys.AddedPasskey), added
        return made

    async def code_by(passkey: Credential) -> str:
        used = passkeys.UsedPasskey(**await signed(passkey))
        got: Any = await passkeys.passkey_code(services, NOBODY, used)
        return str(got.code)

    first = await add(caller, password=PASSWORD)
    session: Any = await passkeys.passkey_login(
        services, NOBODY, passkeys.PasskeyLogin(**await signed(first))
    )
    checked: Any = await services.accounts.check(session.access)
    caller = Caller(checked.person, NOBODY.device)
    second = await add(caller, password=PASSWORD, code=await code_by(first))
    listed = (await passkeys.passkeys(services, caller, None)).passkeys
    assert len(listed) == 2
    renaming = passkeys.RenamePasskey(passkey=listed[0].id, name="phone")
    assert await passkeys.rename_passkey(services, caller, renaming) is None
    for each, by in zip(listed, (first, second), strict=True):
        removing = passkeys.RemovePasskey(passkey=each.id, password=PASSWORD, code=await code_by(by))
        assert await passkeys.remove_passkey(services, caller, removing) is None


def identities_in(address: DatabaseAddress) -> Scenario:
    """Add, link, adopt and unlink in a real database, and begin and end the provider's sessions."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with storage_at(address) as storage:
            eve, ada = [
                await storage.users.add(NewPerson(name=name, password_hash=b"x", email=f"{name}@example.com"))
                for name in ("eve", "ada")
            ]
            assert isinstance(eve, Person)
            assert isinstance(ada, Person)
            refreshing = Refreshing(b"family", b"own", b"next")
            new = NewSession(person_id=eve.id, generation=0, lasts=3600, refreshing=refreshing)
            session = await storage.sessions.begin(new)
            assert session is not None
            await run.target(_identify, storage.feature_ports, eve, ada, session.id)
            # Who is linked has an account.
            for sub in ("eve", "ada", "new"):
                person_id = await storage.feature_ports[IDENTITIES].person_of(Identity(CHAT, sub))
                assert person_id is None or await storage.users.by_id(person_id) is not None

    return scenario


async def _identify(ports: Any, eve: Person, ada: Person, session_id: int) -> None:
    identities = ports[IDENTITIES]
    new, of_eve, of_ada = (Identity(CHAT, sub) for sub in ("new", "eve", "ada"))
    added = NewPerson(name="new", password_hash=NONE, email="new@example.com")
    assert isinstance(await identities.add(new, added), Person)
    assert await identities.person_of(new) is not None
    assert await identities.with_address("ada@example.com") == ada.id
    assert await identities.link(of_eve, eve) == eve.id
    assert await identities.begin(session_id, ProviderSession(of_eve, "sid", "token", time.time()))
    assert await identities.id_token(session_id) == "token"
    assert await identities.adopt(of_ada, ada.id, "ada@example.com", NONE) == ada.id
    assert (await identities.linked(ada.id, CHAT)).identity == of_ada
    assert await identities.end(Logout(CHAT, "jti", "eve", None)) == [eve.id]
    assert await identities.unlink(eve.id, CHAT, passkeys_log_in=False)
    assert not await identities.unlink(ada.id, CHAT, passkeys_log_in=True)


SERVED = (provider_log_ins, passkey_log_ins)
