"""The protocol pages agree with the transcripts and list every call."""

import re
from typing import Any

import httpx
import pytest

from tests.conformance.render import PAGES, BadReference, rendered
from tests.conformance.transcripts import Answer, Call, dialects, load
from tests.support.server import ServerProcess

_WITHOUT_TRANSCRIPTS = {"README", "conformance"}

STAYS = "the pages are rendered by `python -m tests.conformance.render`"


@pytest.mark.parametrize("page", sorted(page.name for page in PAGES.glob("*.md")))
def test_each_example_agrees_with_its_transcript(page: str) -> None:
    text = (PAGES / page).read_text()
    assert rendered(text) == text, STAYS


def test_every_dialect_has_its_page() -> None:
    pages = {page.stem for page in PAGES.glob("*.md")}
    assert pages == {name for name in dialects() if name != "common"} | _WITHOUT_TRANSCRIPTS


@pytest.mark.parametrize("reference", ["talker/nothing", "talker/token#nothing"])
def test_an_example_of_nothing_is_an_error(reference: str) -> None:
    with pytest.raises(BadReference):
        rendered(f"<!-- transcript: {reference} -->\n```text\n```\n")


def test_an_example_that_is_no_block_is_an_error() -> None:
    with pytest.raises(BadReference):
        rendered("<!-- transcript: talker/token -->\nPOST /\n")


@pytest.fixture(scope="module")
def described(server: ServerProcess) -> dict[str, Any]:
    """What can be called in a dialect; the calls of admins and accounts are in none (tests/test_openapi.py)."""
    answer = httpx.get(f"{server.url}/openapi.json", trust_env=False)
    paths: dict[str, Any] = answer.json()["paths"]
    return {
        path: operations for path, operations in paths.items() if not path.startswith(("/admin/", "/api/v1/"))
    }


def test_every_call_is_on_the_page_of_its_dialect(described: dict[str, Any]) -> None:
    missing = []
    for path, operations in described.items():
        for method, operation in operations.items():
            shown = f"{method.upper()} {re.sub(r'{.*?}', '{…}', path)}"
            page = re.sub(r"{.*?}", "{…}", (PAGES / f"{operation['tags'][0]}.md").read_text())
            if f"`{shown}`" not in page:
                missing.append(shown)
    assert missing == []


def test_every_answer_of_every_call_is_in_a_transcript(described: dict[str, Any]) -> None:
    played = set()
    for name in dialects():
        for transcript in load(name).transcripts:
            call: Call | None = None
            for step in transcript.steps:
                match step.action:
                    case Call():
                        call = step.action
                    case Answer(status) if call is not None:
                        played |= {(method, path, status) for method, path in _described_as(call, described)}
    missing = [
        (method, path, status)
        for path, operations in described.items()
        for method, operation in operations.items()
        for status in operation["responses"]
        if (method, path, status) not in played
        # It takes 200 calls to be told that one makes too many; tests/web_api/test_http_budgets.py makes them.
        and not ("security" in operation and status == "429")
    ]
    assert missing == []


def _described_as(call: Call, described: dict[str, Any]) -> list[tuple[str, str]]:
    """Return under which path a call is described; the names of people and rooms stand for numbers."""
    target = re.sub(r"{[^{}]*\.id}", "1", call.target.partition("?")[0])
    return [
        (call.method.lower(), path)
        for path in described
        if re.fullmatch(re.sub(r"{.*?}", r"\\d+", path.rstrip("/")) + "/?", target)
    ]
