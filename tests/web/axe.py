"""Accessibility findings of axe-core in a page."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Frame, Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
"""Exists after `make node_modules/made` with Node installed."""

_STILL = """() => Promise.allSettled(
    document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime < Infinity)
        .map((each) => each.finished)
).then(() => null)"""
"""Wait until nothing but spinners is animated: appearing elements have pale colours for a moment."""

_CODE = '<pre dir="ltr" tabindex="-1">'
"""Of a message that has not the focus."""

_IS_OURS = """() => document.querySelector("script[type=module][src^='/web/']") !== null"""


def serious(page: Page | Frame, only: str | None = None) -> list[str]:
    """The findings of axe that are serious or worse, by all rules or one.

    Nothing is preloaded: only rules about sounds need that, of which the page has none, and it fetches each style anew.
    Code that scrolls is reached through its message: it can be focused while the message has the focus.
    """
    page.evaluate(_STILL)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    options = {"resultTypes": ["violations"], "preload": False, **({"runOnly": [only]} if only else {})}
    answer: dict[str, Any] = page.evaluate("(options) => axe.run(options)", options)
    return [
        f"{each['id']}: {node['html'][:150]} {node['any'][0]['message'] if node['any'] else ''}"
        for each in answer["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:3]
        if not (each["id"] == "scrollable-region-focusable" and node["html"].startswith(_CODE))
    ]


def serious_in_ours(page: Page) -> list[str]:
    """The findings of axe in a page of the web client, and in the widget's frame on another site."""
    return [each for frame in page.frames if frame.evaluate(_IS_OURS) for each in serious(frame)]
