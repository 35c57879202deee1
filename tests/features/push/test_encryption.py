"""What is sent to a push service: encrypted as RFC 8291 says, signed as RFC 8292 says, and never too long."""

import json
from base64 import urlsafe_b64decode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chat.features.push.body import Notice, body_of
from chat.features.push.encryption import CURVE, MOST, MOST_PLAIN, encrypt, is_point, public_bytes
from chat.features.push.keys import Keys, Report, encode, new_private_key
from tests.features.push.browser import Browser, decode


def key_of(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(decode(text), "big"), CURVE)


def test_the_example_of_rfc_8291_comes_out_as_there() -> None:
    own = key_of("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        decode("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        decode("BTBZMqHH6r4Tts7J_aSIgg"),
        salt=decode("DGv6ra1nlYgDCS1FRnbzlw"),
        private=own,
    )
    assert encode(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_browser_decrypts_the_longest_body_that_services_take() -> None:
    browser = Browser()
    body = encrypt(b"x" * MOST_PLAIN, browser.p256dh, browser.auth)
    assert len(body) == MOST
    assert browser.decrypt(body) == b"x" * MOST_PLAIN


@pytest.mark.parametrize("key", [b"", b"\x04" + bytes(64), b"\x04" + b"\xff" * 64, bytes(65), b"\x02" * 33])
def test_a_key_off_the_curve_is_no_point(key: bytes) -> None:
    assert is_point(Browser().p256dh)
    assert not is_point(key)


def test_a_token_is_for_one_service_and_kept_until_an_hour_before_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1_000_000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    keys = Keys(new_private_key())
    header = keys.authorization("https://push.example", "https://chat.example")
    token, public = header.removeprefix("vapid t=").split(", k=")
    point = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, decode(public))
    claims = jwt.decode(
        token, point, ["ES256"], audience="https://push.example", options={"verify_exp": False}
    )
    assert claims == {
        "aud": "https://push.example",
        "exp": 1_000_000 + 12 * 3600,
        "sub": "https://chat.example",
    }
    now[0] += 11 * 3600 - 1
    assert keys.authorization("https://push.example", "https://chat.example") == header
    assert keys.authorization("https://other.example", "https://chat.example") != header
    now[0] += 1
    assert keys.authorization("https://push.example", "https://chat.example") != header
    now[0] -= 12 * 3600  # the clock is set back: a service would take the token for one of the future
    assert "sub" not in jwt.decode(
        keys.authorization("https://push.example", "").split()[1].removeprefix("t=").rstrip(","),
        options={"verify_signature": False},
    )


def test_a_topic_is_of_one_person_and_room_and_of_these_keys() -> None:
    private = new_private_key()
    topic = Keys(private).topic(7, 1)
    assert len(topic) == 32
    assert len(urlsafe_b64decode(topic)) == 24
    assert topic == Keys(private).topic(7, 1)
    assert (
        len(
            {topic, Keys(private).topic(1, 7), Keys(private).topic(7, 2), Keys(new_private_key()).topic(7, 1)}
        )
        == 4
    )


def test_a_report_is_of_one_push_and_of_these_keys() -> None:
    private, of = new_private_key(), Report(1_000_000, 70_000, 300_000)
    code = Keys(private).report_code(of)
    assert len(code) < 50
    assert Keys(private).reported(code) == of
    assert Keys(new_private_key()).reported(code) is None
    for bad in (
        "",
        "...",
        f"{code}x",
        code[:-1],
        code.replace("1000000", "1000001"),
        f"0{code}",
        f"{code}.1",
        "a.b.c.d",
    ):
        assert Keys(private).reported(bad) is None, bad


def notice(**fields: object) -> Notice:
    usual = {"room_id": 7, "seq": 42, "sender": "ben", "room_name": "tea room", "text": "hi", "badge": 3}
    return Notice(**{**usual, **fields})  # type: ignore[arg-type]


def test_a_body_is_declarative_and_says_where_it_leads() -> None:
    assert json.loads(body_of(notice(), "https://chat.example", "1.2.3.x", has_text=True)) == {
        "web_push": 8030,
        "notification": {
            "title": "ben · tea room",
            "body": "hi",
            "navigate": "https://chat.example/room/7/42#push=1.2.3.x",
            "tag": "room-7",
            "app_badge": "3",
        },
        "room": 7,
        "seq": 42,
    }
    direct = json.loads(body_of(notice(room_name=None), "", "1.2.3.x", has_text=False))["notification"]
    assert (direct["title"], direct["body"], direct["navigate"]) == ("ben", "", "/room/7/42#push=1.2.3.x")


@pytest.mark.parametrize("letter", ["x", "\x01", "👩‍👩‍👧‍👦", '"'])
def test_a_body_fits_whatever_its_texts(letter: str) -> None:
    longest = notice(text=letter * 5000, room_name=letter * 5000, sender=letter * 64)
    assert len(body_of(longest, "https://chat.example", "x" * 100, has_text=True)) <= MOST_PLAIN
    cut = json.loads(body_of(notice(text=letter * 5000), "", "", has_text=True))["notification"]["body"]
    assert cut == (letter * 5000)[:200]
    assert public_bytes(ec.generate_private_key(CURVE).public_key())[0] == 4
