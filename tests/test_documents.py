"""Every relative link in a document leads to a file."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return [ROOT / line for line in listed.stdout.splitlines()]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone: documents are listed by git")
def test_every_link_of_a_document_leads_to_a_file() -> None:
    found = documents()
    assert ROOT / "README.md" in found
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in found
        for target in re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", _without_code(document.read_text()))
        if not re.match(r"[a-z]+:", target) and not (document.parent / target).exists()
    ]
    assert broken == []


@pytest.mark.parametrize("document", ["docs/glossary.md", "CONTRIBUTING.md"])
def test_a_document_that_names_folders_and_files_names_those_there_are(document: str) -> None:
    named = re.findall(
        r"`((?:chat/|docs/|sql/|tests/)?[\w/]+(?:/|\.py|\.md))`", (ROOT / document).read_text()
    )
    assert named
    assert [
        each for each in named if not (ROOT / each).exists() and not (ROOT / "chat" / each).exists()
    ] == []


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


def test_the_core_has_at_most_15000_lines() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    named = re.findall(r"`(chat/[^`]+)`", text[text.index("All of the core, for a weekend") :])
    files = {
        file
        for path in map(ROOT.joinpath, named)
        for file in (path.rglob("*.py") if path.is_dir() else [path])
    }
    assert ROOT / "chat/engine/journal.py" in files
    assert sum(len(file.read_text("utf-8").splitlines()) for file in files) <= 15_000


@pytest.mark.parametrize("folder", ["docs/decisions", "sql"])
def test_no_number_is_given_twice(folder: str) -> None:
    numbers = [each.name[:4] for each in (ROOT / folder).iterdir() if each.name[:4].isdigit()]
    assert len(numbers) > 30
    assert [number for number in sorted(set(numbers)) if numbers.count(number) > 1] == []


def test_email_is_written_one_way() -> None:
    """As Slack, Zulip and GitHub write it: the page, mails and documents are read beside each other."""
    places = [
        *(ROOT / "chat").rglob("*.py"),
        *(ROOT / "chat" / "web").rglob("*.js"),
        *(ROOT / "docs").rglob("*.md"),
    ]
    of_languages = re.compile(r"/vendor/|/i18n/(?!en/)|/letters\.py$")
    other = re.compile(r"\be-mail", re.IGNORECASE)
    assert [
        str(each) for each in places if not of_languages.search(str(each)) and other.search(each.read_text())
    ] == []
