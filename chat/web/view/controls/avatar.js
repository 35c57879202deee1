// The picture of a person, or initials on a colour that follows the id. With `presence` a dot shows who is online.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";

/** The number of colours in style/avatar.css. */
const COLOURS = 12;
const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** @typedef {{ id: number, name: string, display?: string | null, picture?: string | null, changed?: number }} Named */

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
    <${Face} person=${person} />
    ${presence && html`<${Dot} id=${person.id} />`}
  </span>`;
}

/** The person's picture by the newest profile that is known. @param {{ person: Named }} props */
function Face({ person }) {
  const known = useSelected(({ me, people }) => (me?.id === person.id ? me : people.get(person.id)));
  const { picture } = known && (known.changed ?? 0) >= (person.changed ?? 0) ? known : person;
  return picture && pictureOf(picture);
}

/**
 * A picture by its address. Where it can't be loaded, it leaves the place to what is behind it.
 * @param {string} picture
 * @param {string} [of] a class
 */
export function pictureOf(picture, of = "avatar-picture") {
  return html`<img key=${picture} class=${of} src=${`/api/v1/pictures/${picture}`} alt="" loading="lazy" decoding="async" draggable=${false}
    onError=${(/** @type {any} */ event) => event.target.remove()} />`;
}

/**
 * The picture of a room; a group without one has two of its people, any other room gets `sign`.
 * @param {{ picture?: string | null, others?: readonly Named[] }} info
 * @param {unknown} sign
 */
export function roomPicture(info, sign) {
  if (!info.picture && info.others?.length) return html`<span class="avatar avatar-pair" aria-hidden="true">${info.others.slice(0, 2).map((each) => avatar(each))}</span>`;
  return info.picture ? html`<span class="avatar" aria-hidden="true">${pictureOf(info.picture)}</span>` : sign;
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
