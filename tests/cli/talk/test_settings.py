"""The settings of `chat talk` and their file."""

from pathlib import Path

import pytest

from chat.cli.talk.commands import run
from chat.cli.talk.context import CommandError
from chat.cli.talk.settings import SETTINGS, TalkSettings
from tests.cli.talk.contexts import with_chat
from tests.cli.talk.test_view import room, state_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_without_a_file_each_is_as_it_is_by_itself(path: Path) -> None:
    settings = TalkSettings(path)
    assert {name: settings[name] for name in SETTINGS} == {"bell": True, "log": False, "typing": True}
    assert (settings.problem, path.exists()) == ("", False)


def test_a_changed_setting_is_kept_and_the_rest_of_the_file_stays(path: Path) -> None:
    path.write_text("# mine\nbell = true # loud\n\n[later]\nx = 1\n")
    settings = TalkSettings(path)
    assert "later" in settings.problem
    settings.change("bell", False)
    settings.change("log", True)
    assert path.read_text() == "log = true\n# mine\nbell = false\n\n[later]\nx = 1\n"
    again = TalkSettings(path)
    assert (again["bell"], again["log"], again["typing"]) == (False, True, True)


@pytest.mark.parametrize("text", ["bell = ", "bell = 3", "bel = true", "\xff\xfe"])
def test_a_malformed_settings_file_is_reported_and_stops_nothing(path: Path, text: str) -> None:
    path.write_bytes(text.encode("latin-1"))
    settings = TalkSettings(path)
    assert settings.problem.startswith(str(path))
    assert settings["bell"] is True


async def test_set_lists_and_changes_them() -> None:
    state = state_of(room(1, "lobby", "lobby"))
    context = with_chat(None, state)
    await run(context, "/set")
    assert state.page is not None
    assert "".join(text for _, text in state.page.lines[0]).startswith("  bell    on   ring")
    for wrong in ("/set bell", "/set bell loud", "/set horn on"):
        with pytest.raises(CommandError, match="bell, log, typing"):
            await run(context, wrong)
    with pytest.raises(CommandError, match="not stored"):  # there is no such directory
        await run(context, "/set bell off")
    assert context.settings["bell"] is False
