"""Second factors, cut off wherever they can wait."""

import time
from base64 import b32decode
from typing import Any

from trio_cancel_sweep import Run, Scenario

from chat.domain.accounts.second_factor import CODES
from chat.domain.entities import Person
from chat.domain.ports import NewPerson
from chat.features.second_factor.codes import STEP, code_at
from chat.features.second_factor.passkeys.port import PASSKEYS, NewPasskey
from chat.features.second_factor.port import FACTORS
from chat.features.second_factor.use_cases import FactorCodes
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.postgres_scenarios import storage_at
from tests.support.chat_world import World
from tests.support.databases import empty
from tests.support.people import PASSWORD

FACTOR = "/api/v1/me/second-factor"


async def http_native_second_factor(run: Run) -> None:
    """Set one up, log in with it, replace the recovery codes, and remove it: what is said of a person is so."""

    async def ask(wire: Wire, world: World) -> None:
        hashed = await world.accounts.hash(PASSWORD, None)
        assert isinstance(hashed, bytes)
        ada = await world.storage.users.add(NewPerson(name="ada", password_hash=hashed))
        boss = await world.storage.users.add(NewPerson(name="boss", password_hash=hashed, is_admin=True))
        assert isinstance(ada, Person)
        assert isinstance(boss, Person)
        token, codes = world.token(ada), world.services.feature_ports[CODES]
        assert isinstance(codes, FactorCodes)
        login = {"login": "ada", "password": PASSWORD}
        now = time.time()
        secret = b"unknown"

        def code() -> str:
            nonlocal now
            now += STEP
            codes.clock = lambda: now
            return code_at(secret.ljust(20), int(now) // STEP)

        async def set_up() -> None:
            nonlocal secret
            begun = await wire.asks("POST", FACTOR, {"password": PASSWORD}, token)
            secret = b32decode(begun["secret"]) if begun and "secret" in begun else secret
            await wire.asks("POST", f"{FACTOR}/confirm", {"code": code()}, token)

        await set_up()
        await wire.asks("POST", FACTOR, {"password": PASSWORD}, token)  # one is in force
        await wire.asks("GET", FACTOR, None, token)
        await wire.asks("POST", "/api/v1/auth/login", login)
        used = code()
        await wire.asks("POST", "/api/v1/auth/login", {**login, "code": used})
        again = await wire.asks("POST", "/api/v1/auth/login", {**login, "code": used})
        assert run.fired or (again and again["reason"] == "wrong_code")
        proof = {"password": PASSWORD, "code": code()}
        made = await wire.asks("POST", f"{FACTOR}/recovery-codes", proof, token)
        spare = made["recovery_codes"][0] if made and "recovery_codes" in made else "none"
        await wire.asks("POST", f"{FACTOR}/removal", {"password": PASSWORD, "code": spare}, token)
        await set_up()
        await wire.asks("DELETE", f"/api/v1/admin/people/{ada.id}/second-factor", None, world.token(boss))
        kept = await world.storage.feature_ports[FACTORS].secret(ada.id)
        person = await world.storage.users.by_id(ada.id)
        assert person is not None
        assert person.has_second_factor is (kept is not None and kept.is_confirmed)
        await wire.stream.aclose()

    await one_connection(run, ask, config())


def factors_in(address: DatabaseAddress) -> Scenario:
    """Set one up in a real database, use its codes up, and remove it."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            await run.target(_use, storage.feature_ports, ada.id)
            person = await storage.users.by_id(ada.id)
            secret = await storage.feature_ports[FACTORS].secret(ada.id)
            passkeys = await storage.feature_ports[PASSKEYS].of_person(ada.id)
            left = await storage.feature_ports[FACTORS].count_recovery_codes(ada.id)
            assert person is not None
            has_one = (secret is not None and secret.is_confirmed) or bool(passkeys)
            assert person.has_second_factor is has_one is (left > 0)

    return scenario


async def _use(ports: Any, ada: int) -> None:
    factors, secret = ports[FACTORS], b"1" * 20
    await factors.begin(ada, secret)
    await factors.secret(ada)
    await factors.confirm(ada, secret, 1, [b"1" * 32, b"2" * 32])
    await factors.use_step(ada, secret, 2)
    await factors.use_recovery_code(ada, b"1" * 32)
    await factors.replace_recovery_codes(ada, [b"3" * 32])
    await factors.count_recovery_codes(ada)
    passkeys = ports[PASSKEYS]
    person = Person(id=ada, name="ada")
    for number in (b"1", b"2"):
        await passkeys.add(person, NewPasskey(number, b"key", 0, (), "", number, 2**31), [b"4" * 32])
    for each in await passkeys.of_person(ada):
        await passkeys.use(each, 1, each.credential_id * 2, 2**31, b"5" * 32 + each.credential_id)
        await passkeys.use_code(ada, b"5" * 32 + each.credential_id)
        await passkeys.rename(ada, each.id, "other")
    await factors.remove_app(ada)
    one = await passkeys.by_credential(b"1")
    if one is not None:
        await passkeys.remove(ada, one.id, None)
    await factors.remove(ada, None)
    await passkeys.add(person, NewPasskey(b"3", b"key", 0, (), "", b"3", 2**31), [b"6" * 32])
    for each in await passkeys.of_person(ada):
        await passkeys.remove(ada, each.id, None)
    await factors.begin(ada, secret)
    await factors.confirm(ada, secret, 3, [b"7" * 32])
    await factors.remove_app(ada)


GATEWAY = (http_native_second_factor,)
