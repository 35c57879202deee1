// A person's avatar: initials on a colour that follows the id. With `presence` a dot shows who is online.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";

/** The number of colours in style/avatar.css. */
const COLOURS = 12;
const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** @typedef {{ id: number, name: string, display?: string | null }} Named */

/**
 * The initials of a name's first two words, or of its first one.
 * @param {string} name
 */
export function initials(name) {
  const words = name.split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const shown = words.length > 0 ? words.slice(0, 2) : [name];
  return shown.map((word) => first(word)).join("").toLocaleUpperCase();
}

/** @param {string} word */
function first(word) {
  for (const { segment } of letters.segment(word)) if (/[\p{L}\p{N}]/u.test(segment)) return segment;
  for (const { segment } of letters.segment(word)) return segment;
  return "?";
}

/**
 * A person's avatar. It is hidden from screen readers, because the name is next to it.
 * @param {Named} person
 * @param {{ size?: "small" | "medium" | "large", presence?: boolean }} [options]
 */
export function avatar(person, { size = "medium", presence = false } = {}) {
  return html`<span class=${`avatar avatar-${size} avatar-colour-${person.id % COLOURS}`} aria-hidden="true">
    <span class="avatar-letters">${initials(person.display || person.name)}</span>
    ${presence && html`<${Dot} id=${person.id} />`}
  </span>`;
}

/** @param {{ id: number }} props */
function Dot({ id }) {
  const state = useSelected((all) => all.presence.get(id)) ?? "offline";
  return html`<span class=${`avatar-dot is-${state}`}></span>`;
}

/**
 * Whether a person is online, in words. The view around it must watch the person.
 * @param {{ id: number }} props
 */
export function Presence({ id }) {
  const state = useSelected((all) => all.presence.get(id)) ?? "offline";
  return html`<span class=${`presence is-${state}`}>${t(`presence.${state}`)}</span>`;
}
