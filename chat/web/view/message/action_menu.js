// The actions on a message: a toolbar beside it, and a menu with all of them.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Floating } from "../controls/floating.js";
import { icon } from "../controls/icon.js";
import { recentEmoji } from "../shared/recent_emoji.js";

/** @typedef {import("../../model/types").Message} Message */
/** @typedef {import("./message.js").MessageActions} MessageActions */

/**
 * @param {{ message: Message, isOwn: boolean, canSpeak: boolean, actions: MessageActions }} props
 */
export function ActionBar({ message, isOwn, canSpeak, actions }) {
  const open = (/** @type {"menu" | "react"} */ what) => (/** @type {MouseEvent & { currentTarget: HTMLElement }} */ event) =>
    actions.open(message, what, event.currentTarget.getBoundingClientRect());
  return html`<div class="message-actions" role="toolbar" aria-label=${t("actions.label")}>
    ${canSpeak && html`<${Button} name="react" act=${open("react")} />`}
    ${canSpeak && html`<${Button} name="reply" act=${() => actions.reply(message)} />`}
    ${canSpeak && isOwn && html`<${Button} name="edit" act=${() => actions.edit(message)} />`}
    <${Button} name="more" act=${open("menu")} />
  </div>`;
}

/** @param {{ name: "react" | "reply" | "edit" | "more", act: (event: MouseEvent & { currentTarget: HTMLElement }) => void }} props */
function Button({ name, act }) {
  const label = t(`actions.${name}`);
  return html`<button type="button" class="icon-button" aria-label=${label} title=${label} onClick=${act}>${icon(name, { size: 18 })}</button>`;
}

/**
 * @typedef {object} MenuActions the menu's actions; a missing one is not allowed
 * @property {(emoji: string) => void} [react]
 * @property {() => void} [allEmoji]
 * @property {() => void} [reply]
 * @property {() => void} [edit]
 * @property {() => void} copyText
 * @property {() => void} copyLink
 * @property {() => void} markUnread
 * @property {() => void} [readers]
 * @property {() => void} [edits]
 * @property {() => void} [delete]
 */

/** @type {{ name: Exclude<keyof MenuActions, "react" | "allEmoji">, icon: import("../controls/icon.js").IconName }[]} */
const ITEMS = [
  { name: "reply", icon: "reply" },
  { name: "edit", icon: "edit" },
  { name: "copyText", icon: "copy" },
  { name: "copyLink", icon: "link" },
  { name: "markUnread", icon: "mail" },
  { name: "readers", icon: "eye" },
  { name: "edits", icon: "clock" },
  { name: "delete", icon: "trash" },
];

/** @param {{ at: DOMRect, available: MenuActions, onClose: () => void }} props */
export function ActionMenu({ at, available, onClose }) {
  const items = ITEMS.filter(({ name }) => available[name]);
  const choose = (/** @type {() => void} */ act) => () => {
    onClose();
    act();
  };
  return html`<${Floating} at=${at} role="menu" label=${t("actions.label")} class="menu message-menu" onClose=${onClose} onKeyDown=${moveIn}>
    ${available.react && html`<${Recent} react=${(/** @type {string} */ emoji) => choose(() => available.react?.(emoji))()} all=${available.allEmoji} />`}
    ${items.map(
      ({ name, icon: picture }, i) => html`<button type="button" role="menuitem" tabindex="-1" data-first=${i === 0 || undefined} key=${name}
        class=${name === "delete" ? "menu-item danger" : "menu-item"} onClick=${choose(available[name] ?? (() => undefined))}>
        ${icon(picture)}<span>${t(`actions.${name}`)}</span>
      </button>`,
    )}
  <//>`;
}

/** The recently used emoji, and a button for all. @param {{ react: (emoji: string) => void, all?: () => void }} props */
function Recent({ react, all }) {
  return html`<div class="recent-emoji" role="group" aria-label=${t("actions.react")}>
    ${recentEmoji().map((emoji) => html`<button type="button" role="menuitem" tabindex="-1" class="emoji-button" onClick=${() => react(emoji)}>${emoji}</button>`)}
    <button type="button" role="menuitem" tabindex="-1" class="emoji-button" aria-label=${t("actions.allEmoji")} title=${t("actions.allEmoji")} onClick=${all}>${icon("add")}</button>
  </div>`;
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
