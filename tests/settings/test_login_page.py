"""The settings in docs/login.md are ones that the server takes, and mean what the page says."""

import re
from pathlib import Path

import pytest

from chat.settings.config import Config, ConfigError
from chat.settings.sources import read_config

PAGE = Path(__file__).parents[2] / "docs/login.md"


def given(block: str) -> dict[str, str]:
    return {
        name: value.strip('"') for name, value in re.findall(r"^export (CHAT_\w+)=(.+)$", block, re.MULTILINE)
    }


def read(tmp_path: Path, settings: dict[str, str]) -> Config:
    secret = tmp_path / "secret"
    secret.write_text("a secret\n")
    files = {name: str(secret) for name in settings if name.endswith("_FILE")}
    first = {"CHAT_OIDC_ISSUER": "https://id.example", "CHAT_OIDC_CLIENT_ID": "chat"}
    return read_config({}, {**first, **settings, **files})


def test_each_block_of_settings_is_taken(tmp_path: Path) -> None:
    blocks = [given(block) for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)]
    found = [read(tmp_path, block).identity_provider() for block in blocks if block]
    assert len(found) == 4
    first, _, keycloak, authentik = found
    assert first is not None
    assert (first.issuer, first.name, first.client_secret) == (
        "https://id.example/realms/team",
        "Team ID",
        "a secret",
    )
    assert keycloak is not None
    assert keycloak.roles == {"/desk": {"operator"}}
    assert authentik is not None
    assert authentik.issuer.endswith("/chat/")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"CHAT_OIDC_ISSUER": "id.example"}, "oidc_issuer: expected the URL"),
        ({"CHAT_OIDC_ISSUER": "http://id.example"}, "use https://"),
        ({"CHAT_OIDC_ISSUER": "https://user@id.example"}, "oidc_issuer"),
        ({"CHAT_OIDC_ISSUER": "https://id.example?a=b"}, "oidc_issuer"),
        ({"CHAT_OIDC_CLIENT_ID": ""}, "oidc_client_id: needed"),
        ({"CHAT_OIDC_GROUPS": "admins"}, "GROUP=ROLE"),
        ({"CHAT_OIDC_GROUPS": "admins=owner"}, "GROUP=ROLE"),
        ({"CHAT_OIDC_GROUPS": "=admin"}, "GROUP=ROLE"),
        ({"CHAT_OIDC_LINK": "always"}, "CHAT_OIDC_LINK"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, settings)


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    config = read(tmp_path, {"CHAT_OIDC_CLIENT_SECRET": "a word that nobody says"})
    assert "nobody says" not in repr(config) + repr(config.identity_provider())
