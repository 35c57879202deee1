"""A room that is deleted over HTTP is gone for everybody at once, and soon from the database."""

from tests.support.people import eventually, post, register, request
from tests.support.saved import execute_sql
from tests.support.server import ServerProcess


def test_nothing_of_a_deleted_room_stays_in_the_database(server: ServerProcess) -> None:
    creator, guest = [{"Authorization": register(server.url, name)} for name in ("deleter", "joiner")]
    made = post(f"{server.url}/create-room", {"Name": "soon gone", "IsPrivate": False}, headers=creator)
    room_id = made.json()["RoomID"]
    joined = request("PUT", f"{server.url}/join", {"RoomID": room_id}, headers=guest)
    assert joined.json() == {"status": "joined"}

    def rows() -> int:
        query = f"""
            SELECT FROM (SELECT id FROM rooms UNION ALL SELECT room_id FROM messages
                         UNION ALL SELECT room_id FROM memberships) AS every(room) WHERE room = {room_id}"""
        return int(execute_sql(server.address, query).removeprefix("SELECT "))

    assert rows() == 1 + 1 + 2
    deleted = request("DELETE", f"{server.url}/room/{room_id}", headers=creator)
    assert deleted.json() == {"status": "deleted"}
    assert request("DELETE", f"{server.url}/room/{room_id}", headers=creator).status_code == 404
    eventually(lambda: rows() == 0, "the room is removed")
