"""The set-up address that a new server prints."""

import json

from tests.support.server import ServerProcess


def printed_code(server: ServerProcess) -> str:
    """Return the set-up code of the last start; the log also has the address of the page that takes it."""
    logged = [line for line in server.log.read_text().splitlines() if "nobody is an admin yet" in line]
    notice = json.loads(logged[-1])
    assert notice["open"] == f"{server.url}/setup#{notice['code']}"
    return str(notice["code"])
