"""Code in colours and formulas: what readers see, and what stays as it was written."""

from typing import Any

from playwright.sync_api import Locator, expect

from tests.support.campaign import in_campaign
from tests.web.axe import serious
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
PYTHON = """```python
async def greet(name: str) -> str:
    # says it once
    return f"hi {name}" * 2
```"""


def message(timeline: Timeline, text: str) -> Locator:
    return timeline.messages.filter(has_text=text).last


@in_campaign
def test_readers_see_code_in_colours_and_formulas(pages: Pages) -> None:
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    room = ada.make_room("code", ben)
    for text in (
        PYTHON,
        "```diff\n-old\n+new\n```",
        "```nonsense\nif x\n```",
        "```\nif y\n```",
        r"so $$\frac{-b \pm \sqrt{b^2-4ac}}{2a}$$ is it",
        "```math\n\\sum_{n=1}^\\infty \\frac{1}{n^2} = \\frac{\\pi^2}{6}\n```",
        r"not $$\frac{$$ this",
    ):
        ada.say(room, text)
    for name, options in (("ben", PHONE | {"color_scheme": "dark"}), ("ada", {})):
        timeline = Timeline(pages.at(name, f"/room/{room}", **options))
        code = message(timeline, "async def greet").locator("pre code")
        expect(code.locator(".code-keyword").first).to_have_text("async")
        expect(code.locator(".code-comment")).to_have_text("# says it once")
        expect(code).to_have_text(PYTHON.split("\n", 1)[1].removesuffix("\n```"))
        expect(message(timeline, "+new").locator(".code-added")).to_have_text("+new")
        for plain in ("if x", "if y"):
            expect(message(timeline, plain).locator("pre code")).to_have_text(plain)
            expect(message(timeline, plain).locator("pre span")).to_have_count(0)
        within = message(timeline, "is it").locator("span.formula math")
        expect(within.locator("mfrac msqrt")).to_have_count(1)
        expect(message(timeline, "∑").locator("div.formula math munderover")).to_have_count(1)
        expect(message(timeline, "this").locator("code")).to_have_text(r"\frac{")
        assert serious(timeline.page, "color-contrast") == []
        box = within.bounding_box()
        assert box is not None
        assert box["width"] > 60  # it is laid out, not written one letter after the other


@in_campaign
def test_what_takes_long_or_would_be_large_stays_and_delays_nothing_else(pages: Pages) -> None:
    ada = Speaker(pages, "ada")
    room = ada.make_room("slow")
    slow = r"\def\a{" + "x" * 2500 + "}" + r"\a" * 500  # takes seconds
    large = r"\def\a{" + "x" * 50 + "}" + r"\a" * 100
    for text in (f"slow $${slow}$$", f"large $${large}$$", "last $$x^2$$"):
        ada.say(room, text)
    timeline = Timeline(pages.at("ada", f"/room/{room}"))
    expect(message(timeline, "last").locator("msup")).to_have_count(1)
    for kept in ("slow", "large"):
        expect(message(timeline, kept).locator("code")).to_have_count(1)
        expect(message(timeline, kept).locator("math")).to_have_count(0)
