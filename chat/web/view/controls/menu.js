// A button with a menu, built on popover: Escape and a click elsewhere close it, and the focus returns.

import { html, useId, useRef } from "../../vendor/preact.js";
import { icon } from "./icon.js";

/** @typedef {{ label: string, icon?: import("./icon.js").IconName, act?: () => void, href?: string, isDanger?: boolean, isChecked?: boolean } | null | false} Item */

/**
 * @param {{ label: string, items: Item[], class?: string, children?: unknown, isNamed?: boolean }} props `label` names the
 *   menu, and also the button unless its children have a text (`isNamed`); without children it shows three dots
 */
export function Menu({ label, items, class: name = "icon-button", children, isNamed = false }) {
  const id = useId();
  const button = useRef(/** @type {HTMLElement | null} */ (null));
  const menu = useRef(/** @type {HTMLElement | null} */ (null));
  const opened = (/** @type {ToggleEvent} */ event) => {
    if (event.newState !== "open" || !button.current || !menu.current) return;
    putBelow(menu.current, button.current);
    /** @type {HTMLElement | null} */ (menu.current.querySelector(".menu-item"))?.focus();
  };
  return html`
    <button type="button" class=${name} ref=${button} aria-haspopup="menu" popovertarget=${id} title=${isNamed ? undefined : label}>
      ${children ?? icon("more")}
    </button>
    <div class="menu" id=${id} ref=${menu} popover="auto" role="menu" aria-label=${label} onToggle=${opened} onKeyDown=${move}>
      ${items.map((item) => item && html`<${MenuItem} item=${item} close=${() => menu.current?.hidePopover()} />`)}
    </div>`;
}

/** @param {{ item: Exclude<Item, null | false>, close: () => void }} props */
function MenuItem({ item, close }) {
  const role = item.isChecked === undefined ? "menuitem" : "menuitemradio";
  const shared = {
    class: item.isDanger ? "menu-item danger" : "menu-item",
    role,
    tabindex: -1,
    "aria-checked": item.isChecked,
    onClick: () => {
      close();
      item.act?.();
    },
  };
  const inside = html`${item.icon && icon(item.icon)}<span>${item.label}</span>${item.isChecked && icon("check")}`;
  if (item.href) return html`<a href=${item.href} ...${shared}>${inside}</a>`;
  return html`<button type="button" ...${shared}>${inside}</button>`;
}

/** @param {HTMLElement} menu @param {HTMLElement} button */
function putBelow(menu, button) {
  const at = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const fitsBelow = at.bottom + 4 + height < innerHeight;
  const left = Math.min(Math.max(8, at.right - width), innerWidth - width - 8);
  const top = fitsBelow ? at.bottom + 4 : Math.max(8, at.top - height - 4);
  Object.assign(menu.style, { position: "fixed", inset: "auto", left: `${Math.max(8, left)}px`, top: `${top}px` });
}

/** @param {KeyboardEvent & { currentTarget: HTMLElement }} event */
function move(event) {
  const items = [.../** @type {NodeListOf<HTMLElement>} */ (event.currentTarget.querySelectorAll(".menu-item"))];
  const at = items.findIndex((item) => item === document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  items.at(to % items.length)?.focus();
}
