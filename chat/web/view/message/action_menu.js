// The actions on a message: a toolbar next to it, and a menu with all of them.

import { html } from "../../vendor/preact.js";
import { parts } from "../../features/registry.js";
import { t } from "../../i18n/index.js";
import { BAR } from "./core_actions.js";
import { Floating } from "../controls/floating.js";
import { icon } from "../controls/icon.js";

/** @typedef {import("../../model/types").Message} Message */
/** @typedef {import("../../features/feature").MessageActions} MessageActions */
/** @typedef {import("../../features/feature").MessageDialogProps} MessageDialogProps */

/** @param {{ message: Message, canSpeak: boolean, actions: MessageActions }} props */
export function ActionBar({ message, actions }) {
  const allowed = actions.allowed(message);
  return html`<div class="message-actions" role="toolbar" aria-label=${t("actions.label")}>
    ${BAR.filter((action) => allowed.includes(action)).map(
      (action) => html`<${Button} key=${action.name} label=${t(action.label)} name=${action.icon} act=${(/** @type {DOMRect} */ at) => actions.act(action, message, at)} />`,
    )}
    <${Button} label=${t("actions.more")} name="more" act=${(/** @type {DOMRect} */ at) => actions.open(message, "menu", at)} />
  </div>`;
}

/** @param {{ label: string, name: import("../controls/icon.js").Icon, act: (at: DOMRect) => void }} props */
function Button({ label, name, act }) {
  const press = (/** @type {MouseEvent & { currentTarget: HTMLElement }} */ event) => act(event.currentTarget.getBoundingClientRect());
  return html`<button type="button" class="icon-button" title=${label} onClick=${press}>${icon(name, { size: 18 })}</button>`;
}

/** @param {MessageDialogProps} props */
export function ActionMenu({ message, at, actions, onClose }) {
  const items = actions.allowed(message).filter(({ inMenu = true }) => inMenu);
  return html`<${Floating} at=${at} role="menu" label=${t("actions.label")} class="menu message-menu" onClose=${onClose} onKeyDown=${moveIn}>
    ${parts("MenuRow").map((MenuRow) => html`<${MenuRow} message=${message} actions=${actions} onClose=${onClose} />`)}
    ${items.map((action, i) => {
      const choose = () => {
        onClose();
        actions.act(action, message, at);
      };
      return html`<button type="button" role="menuitem" tabindex="-1" data-first=${i === 0 || undefined} key=${action.name}
        class=${action.isDanger ? "menu-item danger" : "menu-item"} onClick=${choose}>
        ${icon(action.icon)}<span>${t(action.label)}</span>
      </button>`;
    })}
  <//>`;
}

/** Move through the items with the arrow keys, including left and right for the row of emoji. @param {KeyboardEvent} event */
function moveIn(event) {
  const menu = /** @type {HTMLElement} */ (event.currentTarget);
  const items = [.../** @type {NodeListOf<HTMLElement>} */ (menu.querySelectorAll("[role=menuitem]"))];
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  items.at(to % items.length)?.focus();
}
