"""The core alone: without any feature it starts, commits, publishes and resumes."""

import subprocess
import sys

_PROGRAM = """
import chat.features.registry as registry
registry.FEATURES = ()  # before anything takes its features from there

import trio
from chat.domain.entities import LOBBY_ID
from chat.protocols.native.operations import OPERATIONS
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import open_site


async def main():
    async with open_site() as site:
        assert not {each.name for each in OPERATIONS} & {"block", "upload", "pins", "search", "invite", "support_desk"}
        ada, _ = await site.join("ada")
        ben, _ = await site.join("ben")
        one, other = Replica(site.world, ada), Replica(site.world, ben)
        features = (await one.connect(sync=False))["features"]
        await one.sync()
        await other.connect()
        assert "pins" not in features and "files" not in features and "reactions" in features
        await one.say(LOBBY_ID, "hello")
        assert [each["text"] for each in await other.receives()] == ["hello"]
        other.drop()
        await one.say(LOBBY_ID, "again")
        before = len(other.events)
        await other.connect()
        assert [each["text"] for each in other.events[before:]] == ["again"]
        print("well")

trio.run(main)
"""


def test_the_core_works_without_features() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.stdout.endswith("well\n"), ran.stderr
