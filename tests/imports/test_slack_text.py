"""Texts of Slack in this chat's form."""

import pytest

from chat.imports.emoji_names import emoji_of
from chat.imports.slack.text import References, convert


@pytest.mark.parametrize(
    ("slack", "ours"),
    [
        ("plain", "plain"),
        ("*bold* and _italic_ and ~gone~", "**bold** and _italic_ and ~~gone~~"),
        ("2 * 3 * 4 and a~b~c", "2 * 3 * 4 and a~b~c"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("`*not* &lt;bold&gt; :tada:`", "`*not* <bold> :tada:`"),
        ("```\n*x* <https://garden.example|y>\n```", "```\n*x* https://garden.example\n```"),
        ("see <https://garden.example/a>", "see https://garden.example/a"),
        ("<https://garden.example/a|the [garden]>", "[the (garden)](https://garden.example/a)"),
        ("<https://garden.example|https://garden.example>", "https://garden.example"),
        ("<mailto:ada@example.org|ada@example.org>", "ada@example.org"),
        ("<javascript:alert(1)|click>", "click"),
        ("<data:text/html,x>", "data:text/html,x"),
        ("<@U1> and <@U9|zoe> and <@U8>", "@ada and @zoe and @U8"),
        ("<#C1> <#C2|den>", "#garden #den"),
        ("<!here> <!subteam^S1|@staff> <!date^1392734382^{date}|then>", "@all @staff then"),
        (":tada: :+1::skin-tone-3: 10:30:45 :party_parrot:", "🎉 👍🏼 10:30:45 :party_parrot:"),
        ("&gt; quoted\nand more", "> quoted\nand more"),
        ("<" * 5000, "<" * 5000),
    ],
)
def test_a_text_keeps_its_meaning(slack: str, ours: str) -> None:
    found = References({"U1": "ada"}.get, {"C1": "garden"}.get)
    assert convert(slack, found) == ours
    assert found.people == (["U1"] if "<@U1>" in slack else [])
    assert found.has_all == ("<!here>" in slack)


@pytest.mark.parametrize(
    ("name", "emoji"),
    [
        ("thumbsup", "👍"),
        ("simple_smile", "🙂"),
        ("flag-de", "🇩🇪"),
        ("woman-shrugging", "🤷‍♀️"),
        ("large_green_circle", "🟢"),
        ("wave::skin-tone-6", "👋🏿"),
        ("tada::skin-tone-99", "🎉"),
        ("party_parrot", ":party_parrot:"),
        ("man-", ":man-:"),
    ],
)
def test_an_emoji_has_its_name(name: str, emoji: str) -> None:
    assert emoji_of(name) == emoji
