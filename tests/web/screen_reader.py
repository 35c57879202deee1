"""What a screen reader says of a page, by the accessibility tree that Chromium hands to it."""

import re
from typing import Any

from playwright.sync_api import CDPSession, Page

_LISTEN = """
globalThis.said = [];
const LIVE = "[aria-live=polite],[role=status],[role=alert]";
new MutationObserver((changes) => {
    const regions = changes.map(({ target }) => (target.closest ? target : target.parentElement)?.closest(LIVE));
    for (const region of new Set(regions)) if (region?.textContent.trim()) said.push(region.textContent);
}).observe(document, { childList: true, subtree: true, characterData: true });
"""

_STATES = {
    "expanded": {True: "expanded", False: "collapsed"},
    "pressed": {"true": "pressed", "false": "not pressed"},
    "checked": {"true": "checked", "false": "not checked"},
    "selected": {True: "selected"},
    "disabled": {True: "dimmed"},
    "required": {True: "required"},
    "invalid": {"true": "invalid"},
    "hasPopup": {"menu": "opens a menu", "dialog": "opens a dialog"},
}
"""The words for the states of an element, in the order in which they are said."""

_ROLES = {
    "textbox": "text field",
    "searchbox": "search field",
    "StaticText": "text",
    "menuitem": "menu item",
    "DisclosureTriangle": "button",
    "generic": "",
    "none": "",
}
"""The words for roles whose own name is none."""

_PLACES = {"alertdialog", "dialog", "listbox", "main", "menu", "navigation", "region", "search", "toolbar"}
"""Roles of elements whose name is said when the focus comes into them."""

_TIME = re.compile(r"\b\d{1,2}:\d\d(?:\s?[AP]M)?")


class ScreenReader:
    """Says what has the focus of a page, and what its live regions announce."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("Accessibility.enable")
        self._before: tuple[list[str], str] = ([], "")
        page.add_init_script(_LISTEN)

    def begin(self) -> None:
        """Begin a step: what has the focus now is not said again, nor what was announced before."""
        self._before = self._focus()
        self._page.evaluate("() => { globalThis.said = []; }")

    def said(self) -> list[str]:
        """What is said since the step began: the places that the focus has come into, what has it, announcements."""
        places, line = self._focus()
        entered = [each for each in places if each not in self._before[0]]
        focused = [*entered, line] if entered or line != self._before[1] else []
        return [*focused, *(f"«{_steady(each)}»" for each in self._page.evaluate("() => said"))]

    def _focus(self) -> tuple[list[str], str]:
        """The places around what has the focus, and what is said of it."""
        found = self._session.send("Runtime.evaluate", {"expression": "document.activeElement"})
        of = {"objectId": found["result"]["objectId"]}
        focused, *around = self._session.send("Accessibility.getAXNodeAndAncestors", of)["nodes"]
        chosen = self._chosen(focused)
        line = "; ".join([_spoken(focused), *([chosen] if chosen else [])])
        return [_spoken(each) for each in reversed(around) if _is_place(each)], line

    def _chosen(self, node: dict[str, Any]) -> str | None:
        """The option that a field has chosen in its list, whose focus stays in the field."""
        for each in node.get("properties", ()):
            if each["name"] == "activedescendant" and each["value"].get("relatedNodes"):
                option = each["value"]["relatedNodes"][0]["backendDOMNodeId"]
                found = self._session.send(
                    "Accessibility.getPartialAXTree", {"backendNodeId": option, "fetchRelatives": False}
                )
                return _spoken(found["nodes"][0])
        return None


def _spoken(node: dict[str, Any]) -> str:
    """Name, role, states, value and description; screen readers leave out a description that is the name."""
    name, role = _text(node, "name"), _text(node, "role")
    about = _text(node, "description")
    states = {each["name"]: each["value"].get("value") for each in node.get("properties", ())}
    words = [name, _ROLES.get(role, role)]
    words += [said[states[state]] for state, said in _STATES.items() if states.get(state) in said]
    words += [_text(node, "value"), about if about != name else ""]
    return _steady(", ".join(filter(None, words)))


def _is_place(node: dict[str, Any]) -> bool:
    """Lists are said if they have a name."""
    role = _text(node, "role")
    return role in _PLACES or (role == "list" and bool(_text(node, "name")))


def _text(node: dict[str, Any], name: str) -> str:
    return str(node.get(name, {}).get("value", ""))


def _steady(text: str) -> str:
    """The text in one line, with one time for all."""
    return _TIME.sub("12:00", " ".join(text.split()))
