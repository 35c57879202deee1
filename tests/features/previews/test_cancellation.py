"""Link previews, cancelled at many points: a message has a preview with its change of the log, or neither."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.accounts.sessions import Device
from chat.domain.entities import Draft, Person, Room
from chat.domain.ports import NewPerson, Storage
from chat.domain.ports.files import NewFile
from chat.domain.refusals import Refusal
from chat.features.previews import native
from chat.features.previews.changes import LinkPreview, Previewed, SetPreview
from chat.features.previews.fetching import FETCHING
from chat.features.previews.use_cases import PREVIEWS
from chat.features.registry import FEATURES
from chat.operations.operation import Caller
from chat.operations.room_values import WhichMessage
from chat.storage.file_store import DiskFileStore
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.swept_world import swept_world
from tests.features.previews.test_native import HTML, PNG, page
from tests.outbound.test_client import ok
from tests.outbound.test_client import site as open_web
from tests.support.campaign import in_campaign
from tests.support.databases import empty

PLENTY = 1 << 20


async def over_operations(run: Run) -> None:
    """Fetch a preview with its picture, attach it, list it, remove it: afterwards it all works again."""
    with TemporaryDirectory(prefix="chat-") as directory:
        store = DiskFileStore(Path(directory))
        store.prepare("mark")
        async with open_web() as web, swept_world(run, file_store=store) as (world, _witness):
            web.answer = lambda head: (
                ok(PNG) if head.startswith("GET /cat") else ok(page(picture="/cat.png"), HTML)
            )
            await world.services.settings.change(None, {"outbound_hosts": ("127.0.0.1/32",)})
            ada = await world.add("ada")
            room = (await world.make_room(ada)).id
            url = f"{web.url}/"
            await world.storage.messages.save(
                [Draft(room, ada.id, "ada", f"{n} {url}", 1.0) for n in range(2)]
            )
            caller, services = Caller(ada, Device("127.0.0.1")), world.services

            async def all_of_it(seq: int) -> None:
                fetched: Any = await native.fetch(services, caller, native.WantedPreview(room=room, url=url))
                if isinstance(fetched, Refusal):
                    assert run.fired
                    return
                asked = native.AttachPreview(room=room, seq=seq, preview=fetched.token)
                assert await native.attach(services, caller, asked) is None
                listed: Any = await native.previews(services, caller, native.PreviewsOf(room=room))
                assert [(each.seq, each.preview) for each in listed.previews] == [(seq, fetched.preview)]
                assert await native.remove(services, caller, WhichMessage(room=room, seq=seq)) is None

            await run.target(all_of_it, 1)
            assert services.feature_ports[FETCHING]._places.borrowed_tokens == 0
            for seq in (1, 2):
                await native.remove(services, caller, WhichMessage(room=room, seq=seq))
            await all_of_it(2)


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Give a message a preview with a picture, and another: the table has what the log has."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            room_id, ada = await _link(storage)
            picture = await storage.files.keep_file(
                NewFile(room_id=room_id, owner_id=ada, name="p", type="image/png", size=1, digest=b"d" * 32)
            )

            async def write_and_read() -> None:
                for title, file in (("one", picture), ("two", None)):
                    preview = LinkPreview("https://x.example/", "x.example", title, picture=file)
                    await storage.messages.save(
                        [SetPreview(room_id=room_id, actor_id=ada, created_at=2.0, seq=1, preview=preview)]
                    )
                (kept,) = await storage.feature_ports[PREVIEWS].between(room_id, 0, 9, 9)
                assert kept.preview.title == "two"

            await run.target(write_and_read)
            kept = await storage.feature_ports[PREVIEWS].between(room_id, 0, 9, 9)
            log = await storage.messages.read_log(0, 99, PLENTY)
            logged = [
                each.preview for each in log if isinstance(each, Previewed) and each.preview is not None
            ]
            assert [each.preview for each in kept] == logged

    return scenario


async def _link(storage: Storage) -> tuple[int, int]:
    """Make a room with a message that has a link; return it, and its owner."""
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    assert isinstance(ada, Person)
    room = await storage.rooms.create("garden", ada.id, is_private=False)
    assert isinstance(room, Room)
    await storage.messages.save([Draft(room.id, ada.id, "ada", "https://x.example/", 1.0)])
    return room.id, ada.id


def test_over_operations(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_operations, "link previews", flavours=CANCELLING, virtual=False, limit=20, every=25, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    cancel_sweep.scenario(
        in_postgres(one_database), "previews in PostgreSQL", virtual=False, limit=20, every=25, seeds=1
    )
