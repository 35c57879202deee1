"""Settings that go from one process to another arrive as they were, whatever version is at the other end."""

import json
from pathlib import Path

import msgspec
import pytest

from chat.settings.config import Config
from chat.settings.listen import Listen
from chat.settings.passing import passed_settings, settings_to_pass

GIVEN = Config(
    listen=(Listen("::1", 0, "rooms"), Listen("127.0.0.1", 9000)),
    metrics_listen=Listen("127.0.0.1", 9100),
    data=Path("/srv/chat"),
    database_url="postgresql://chat:word@db/chat",
    secret="a secret of more than thirty-two bytes",
    previous_secret="the secret before, of more than thirty-two bytes",
    tls_cert=Path("/srv/cert.pem"),
    tls_key=Path("/srv/key.pem"),
    origins=("https://chat.example",),
    trusted_proxies=("10.0.0.0/8",),
    grace=0.5,
    workers=4,
    traces="http://127.0.0.1:4318",
    log_level="debug",
)


@pytest.mark.parametrize("config", [GIVEN, Config(data=Path("/srv/chat"))])
def test_every_field_arrives_as_it_was(config: Config) -> None:
    assert passed_settings(json.loads(json.dumps(settings_to_pass(config)))) == config


def test_a_field_of_a_newer_version_is_left_out_and_a_missing_one_has_its_default() -> None:
    fields = settings_to_pass(GIVEN)
    del fields["grace"]
    fields["from_tomorrow"] = 1
    assert passed_settings(fields) == msgspec.structs.replace(GIVEN, grace=Config(data=Path("/")).grace)


def test_a_value_out_of_bounds_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        passed_settings({**settings_to_pass(GIVEN), "workers": 0})
