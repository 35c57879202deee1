"""A transcript as text and HTML: what was said, and nothing that a mail program would run."""

from zoneinfo import ZoneInfo

import pytest

from chat.features.transcripts.letters import transcript_of
from chat.features.transcripts.port import Said

BERLIN = ZoneInfo("Europe/Berlin")


def test_it_has_who_said_what_and_when() -> None:
    said = [
        Said(name=None, at=1_768_500_000.0, text="hello\n<b>you</b>", files=("rake.png",)),
        Said(name="Olga & co", at=1_768_500_060.0, text="a\x00b\x1b[31m\ud800"),
    ]
    made = transcript_of(said, "The <Shop>", "en", BERLIN)
    assert made.subject == "Your conversation with The <Shop>"
    assert (
        "Visitor, 2026-01-15 19:00\nhello\n<b>you</b>\n[rake.png]\n\nOlga & co, 2026-01-15 19:01\n"
        in made.text
    )
    assert "a b [31m?" in made.text
    assert "<b>Visitor, 2026-01-15 19:00</b><br>hello<br>&lt;b&gt;you&lt;/b&gt;<br>[rake.png]" in made.html
    assert "Olga &amp; co" in made.html
    assert "The &lt;Shop&gt;" in made.html
    assert "left out" not in made.text


@pytest.mark.parametrize("language", ["de", "en", "es", "fr", "pt", "ru", "zh", "xx"])
def test_older_messages_are_left_out_of_a_long_one(language: str) -> None:
    said = [Said(name="olga", at=float(n), text=f"{n} ".ljust(4000, "x")) for n in range(200)]
    made = transcript_of(said, "shop", language, BERLIN)
    assert 50_000 < len(made.text) <= 110_000
    assert "\n199 x" in made.text
    assert "\n100 x" not in made.text
    assert len(made.text.split("\n\n")[0].split(". ")) > 1 or language == "zh"
