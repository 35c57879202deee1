"""The first week of a desk as docs/first-week.md records it, played on a real server whose clock the database turns."""

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from tests.support.people import PASSWORD, request
from tests.support.saved import execute_sql
from tests.support.server import ServerProcess, running_server, used_data_path

DOCUMENT = Path(__file__).parents[2] / "docs" / "first-week.md"
WRITES = "TRANSCRIPT" in os.environ
"""Whether what operators read is written into the document; it is compared afterwards in any case."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_STEP = re.compile(r"(?P<day>\w{3}) (?P<hour>\d\d):(?P<minute>\d\d) (?P<who>\w+) (?P<act>.+)")

_LATER = """
DO $$ DECLARE place record; BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
    FOR place IN SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables
        USING (table_schema, table_name)
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND data_type = 'timestamp with time zone'
        AND table_name NOT IN ('nodes', 'sessions', 'users')
    LOOP EXECUTE format('UPDATE %I SET %2$I = %2$I - interval ''{} s'' WHERE isfinite(%2$I)',
        place.table_name, place.column_name); END LOOP;
END $$"""
"""All that was noted is so many seconds older, but for leases and for what tokens depend on."""


def test_the_first_week_of_a_desk_is_as_recorded() -> None:
    before, opening, rest = DOCUMENT.read_text("utf-8").partition("```text\n")
    record, closing, after = rest.partition("\n```")
    with used_data_path() as data, running_server(data, CHAT_REGISTRATIONS_PER_HOUR="0") as server:
        played = "\n".join(Week(server).play(record.splitlines()))
    if WRITES:
        DOCUMENT.write_text("".join([before, opening, played, closing, after]), "utf-8")
    assert played == record


class Week:
    """Plays steps: each is a time, who, and what they do."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self._keys = count()
        self._tokens = {name: self._register(name) for name in ("boss", "olga", "pete")}
        for name, role in (("boss", "admin"), ("olga", "operator"), ("pete", "operator")):
            execute_sql(server.address, f"UPDATE users SET is_{role} = true WHERE name = $1", name)
        self._ids = {name: self._asks(name, "GET", "/me")["id"] for name in self._tokens}
        self._rooms: dict[str, int] = {}
        self._labels: dict[str, int] = {}

    def play(self, lines: list[str]) -> Iterator[str]:
        """Yield the steps, each with what is read then."""
        now: timedelta | None = None
        for line in lines:
            if line.startswith(" "):
                continue
            step = _STEP.fullmatch(line)
            assert step is not None, line
            time = timedelta(_DAYS.index(step["day"]), hours=int(step["hour"]), minutes=int(step["minute"]))
            if now is not None and time > now:
                execute_sql(self._server.address, _LATER.format(int((time - now).total_seconds())))
            now = time
            yield line
            yield from (f"  {each}" for each in self._do(step["who"], step["act"]))

    def _do(self, who: str, act: str) -> list[str]:
        acts: dict[str, Callable[..., list[str]]] = {
            r"sets the widget up for (\S+)": self._set_up,
            r"writes the shared answer /(\w+): (.*)": self._make_answer,
            r"makes the label (\w+)": self._make_label,
            r"comes from (\S+)": self._come,
            r"writes: (.*)": self._write,
            r"claims (\w+)": lambda who, visitor: self._change(who, visitor, assignee=self._ids[who]),
            r"answers (\w+): (.*)": self._answer,
            r"labels (\w+) as (\w+)": self._label,
            r"notes on (\w+): (.*)": self._note,
            r"hands (\w+) over to (\w+)": lambda who, visitor, to: self._change(
                who, visitor, assignee=self._ids[to]
            ),
            r"closes (\w+)": lambda who, visitor: self._change(who, visitor, state="closed"),
            r"rates it as (good|bad)(?:: (.*))?": self._rate,
            r"reads the report": self._report,
        }
        (found,) = [(do, words) for each, do in acts.items() if (words := re.fullmatch(each, act))]
        do, words = found
        return do(who, *words.groups())

    def _register(self, name: str) -> str:
        return self._post("/auth/register", {"name": name, "password": PASSWORD})

    def _post(self, path: str, body: object) -> str:
        answer = request("POST", f"{self._server.url}/api/v1{path}", body)
        assert answer.status_code == 201, answer.text
        token: str = answer.json()["access"]
        return token

    def _asks(self, who: str, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self._tokens[who]}"}
        answer = request(method, f"{self._server.url}/api/v1{path}", body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def _queue(self) -> list[str]:
        counts = self._asks("olga", "GET", "/support/counts")
        return [f"open {counts['open']}, waiting {counts['waiting']}, mine {counts['mine']}"]

    def _set_up(self, who: str, site: str) -> list[str]:
        self._asks(who, "PATCH", "/admin/settings", {"widget_origins": [site]})
        return []

    def _make_answer(self, who: str, shortcut: str, text: str) -> list[str]:
        self._asks(who, "POST", "/support/answers", {"shortcut": shortcut, "text": text, "shared": True})
        answers = self._asks("olga", "GET", "/support/answers")["answers"]
        return [f"/{each['shortcut']}" for each in answers]

    def _make_label(self, who: str, name: str) -> list[str]:
        self._labels[name] = self._asks(who, "POST", "/support/labels", {"name": name})["id"]
        return []

    def _come(self, who: str, page: str) -> list[str]:
        self._tokens[who] = self._post("/support/visitors", {"name": who, "page": page})
        self._rooms[who] = self._asks(who, "PUT", "/support")["id"]
        return self._queue()

    def _write(self, who: str, text: str) -> list[str]:
        self._say(who, self._rooms[who], text)
        return self._queue()

    def _answer(self, who: str, visitor: str, text: str) -> list[str]:
        self._say(who, self._rooms[visitor], text)
        return self._queue()

    def _say(self, who: str, room: int, text: str) -> None:
        body = {"key": f"week-{next(self._keys)}", "text": text}
        self._asks(who, "POST", f"/rooms/{room}/messages", body)

    def _change(self, who: str, visitor: str, **change: object) -> list[str]:
        self._asks(who, "PATCH", f"/support/{self._rooms[visitor]}", change)
        return self._queue()

    def _label(self, who: str, visitor: str, label: str) -> list[str]:
        self._asks(who, "PUT", f"/support/{self._rooms[visitor]}/labels/{self._labels[label]}")
        return []

    def _note(self, who: str, visitor: str, text: str) -> list[str]:
        room = self._rooms[visitor]
        self._asks(who, "POST", f"/support/{room}/notes", {"text": text})
        shown = self._asks(visitor, "GET", f"/rooms/{room}/messages?limit=50")["messages"]
        return [f"{visitor} has {len(shown)} messages"]

    def _rate(self, who: str, rating: str, comment: str | None) -> list[str]:
        body = {"rating": rating} | ({"comment": comment} if comment else {})
        self._asks(who, "PUT", "/support/rating", body)
        ratings = self._asks("pete", "GET", f"/support/{self._rooms[who]}/ratings")["ratings"]
        return [f"{each['rating']} {each.get('comment', '')}".rstrip() for each in ratings]

    def _report(self, who: str) -> list[str]:
        report = self._asks(who, "GET", "/support/report")
        lines = [("all", report["all"])]
        lines += [(each["operator"]["name"], each) for each in report["operators"]]
        return [
            f"{name}: {each['cases']} begun, {each['answered']} answered, {each['closed']} closed; "
            f"first answer {_minutes(each, 'answer_median')}, until closed {_minutes(each, 'close_median')}; "
            f"{each.get('good', 0)} good, {each.get('bad', 0)} bad"
            for name, each in lines
        ]


def _minutes(figures: dict[str, Any], name: str) -> str:
    return f"{round(figures[name] / 60)} min"
