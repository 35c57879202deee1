// The emoji picker: all emoji in a grid, with a search. Names are fetched when it is first opened.

import { html, useEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { Floating } from "./floating.js";
import { drawnEmoji } from "./custom_emoji.js";
import { useChat } from "../shared/context.js";
import { readCustomEmoji } from "../shared/custom_emoji.js";
import { noteEmoji, recentEmoji } from "../shared/recent_emoji.js";

/** @typedef {{ emoji: string, names: string[] }} Emoji the first name is shown */
/** @typedef {{ group: string, emoji: Emoji[] }} Group */

/** @type {Promise<Group[]> | null} */
let fetched = null;

/** Load all emoji, with names in the reader's language before the English ones. @returns {Promise<Group[]>} */
export function loadEmoji() {
  fetched ??= loadNamed().catch((error) => {
    fetched = null; // the next call tries again
    throw error;
  });
  return fetched;
}

/** @returns {Promise<Group[]>} */
async function loadNamed() {
  const other = language() !== "en" ? load(`emoji.${language()}.json`) : {};
  /** @type {[Group[], Record<string, string[]>]} */
  const [groups, names] = await Promise.all([load("emoji.json"), other]);
  return groups.map(({ group, emoji }) => ({
    group,
    emoji: emoji.map((each) => ({ ...each, names: [...(names[each.emoji] ?? []), ...each.names] })),
  }));
}

/** @param {string} name @returns {Promise<any>} */
async function load(name) {
  return (await fetch(new URL(`../../vendor/${name}`, import.meta.url))).json();
}

/** The server's own emoji; none if they can't be read. @param {import("../../model/types").Chat} chat @returns {Promise<Group[]>} */
export async function customGroup(chat) {
  const { emoji } = await readCustomEmoji(chat).catch(() => ({ emoji: [] }));
  return emoji.length ? [{ group: "custom", emoji: emoji.map(({ name }) => ({ emoji: `:${name}:`, names: [name, name.replaceAll(/[-_]/g, " ")] })) }] : [];
}

/**
 * Find emoji whose names contain all words of the search. Exact names come first, then the order of names.
 * @param {readonly Group[]} groups
 * @param {string} text
 * @param {number} most
 * @returns {Emoji[]}
 */
export function findEmoji(groups, text, most) {
  const words = text.toLowerCase().split(/[\s_]+/).filter(Boolean);
  const all = groups.flatMap(({ emoji }) => emoji);
  const found = all.filter(({ names }) => words.every((word) => names.some((name) => name.toLowerCase().includes(word))));
  const wanted = words.join(" ");
  const rank = (/** @type {Emoji} */ { names }) =>
    Math.min(...names.map((name, i) => (name.toLowerCase() === wanted ? 0 : name.toLowerCase().startsWith(wanted) ? 1 : 2) + i / names.length));
  return found.sort((a, b) => rank(a) - rank(b)).slice(0, most);
}

/**
 * @param {{ at: DOMRect, label: string, hasCustom?: boolean, onChoose: (emoji: string) => void, onClose: () => void }} props `hasCustom`: also those of the server, as `:name:`
 */
export function EmojiPicker({ at, label, hasCustom = true, onChoose, onClose }) {
  const chat = useChat();
  const [groups, setGroups] = useState(/** @type {Group[]} */ ([]));
  const [hasFailed, setFailed] = useState(false);
  const [text, setText] = useState("");
  const grid = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    Promise.all([hasCustom ? customGroup(chat) : [], loadEmoji()]).then(([own, all]) => setGroups([...own, ...all]), () => setFailed(true));
  }, []);
  const recent = useMemo(() => recentEmoji().filter((emoji) => hasCustom || !emoji.startsWith(":")).map((emoji) => ({ emoji, names: [emoji] })), []);
  const shown = useMemo(() => {
    if (text.trim()) return [{ group: "", emoji: findEmoji(groups, text, 200) }];
    return [{ group: "recent", emoji: recent }, ...groups];
  }, [groups, text]);
  const take = (/** @type {string} */ emoji) => {
    noteEmoji(emoji);
    onClose();
    onChoose(emoji);
  };
  const keys = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return undefined;
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return moveInGrid(event, grid.current);
    const [first] = event.target.value.trim() ? findEmoji(groups, event.target.value, 1) : [];
    event.preventDefault();
    if (first) take(first.emoji);
  };
  return html`<${Floating} at=${at} label=${label} class="emoji-picker" onClose=${onClose} onKeyDown=${keys}>
    <input type="search" data-first placeholder=${t("emoji.search")} aria-label=${t("emoji.search")} value=${text}
      onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
    <p class="visually-hidden" role="status">${text.trim() && shown[0].emoji[0]?.names[0]}</p>
    <div class="emoji-groups" ref=${grid}>
      ${hasFailed && html`<p class="soft" role="alert">${t("emoji.failed")}</p>`}
      ${shown.map(({ group, emoji }) => html`<${Section} key=${group} group=${group} emoji=${emoji} take=${take} />`)}
      ${text.trim() && !hasFailed && groups.length > 0 && !shown[0].emoji.length && html`<p class="soft">${t("emoji.none")}</p>`}
    </div>
  <//>`;
}

/** @param {{ group: string, emoji: readonly Emoji[], take: (emoji: string) => void }} props */
function Section({ group, emoji, take }) {
  return useMemo(
    () => html`<section aria-label=${named(group) || t("emoji.found")}>
      ${group && html`<h3>${named(group)}</h3>`}
      <div class="emoji-grid">
        ${emoji.map(
          ({ emoji: one, names }) => html`<button type="button" class="emoji-button" tabindex="-1" key=${one} title=${names[0]} aria-label=${names[0]}
            onClick=${() => take(one)}>${drawnEmoji(one)}</button>`,
        )}
      </div>
    </section>`,
    [group, emoji],
  );
}

/** @param {string} group */
function named(group) {
  return group && t(/** @type {import("../../i18n/index.js").Key} */ (`emoji.${group}`));
}

/** Move the focus in the grid with the arrow keys, and into it by Tab too. @param {KeyboardEvent} event @param {HTMLElement | null} grid */
function moveInGrid(event, grid) {
  const buttons = [.../** @type {NodeListOf<HTMLElement>} */ (grid?.querySelectorAll(".emoji-button") ?? [])];
  const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (at < 0 && event.key !== "ArrowDown" && (event.key !== "Tab" || event.shiftKey)) return;
  const to = at < 0 ? 0 : next(buttons, at, event.key);
  if (to === null) return;
  event.preventDefault();
  if (to < 0) /** @type {HTMLElement | null} */ (grid?.parentElement?.querySelector("input"))?.focus();
  else buttons[Math.min(to, buttons.length - 1)]?.focus();
}

/** @param {HTMLElement[]} buttons @param {number} at @param {string} key */
function next(buttons, at, key) {
  if (key === "ArrowRight") return at + 1;
  if (key === "ArrowLeft") return at - 1;
  if (key === "ArrowDown") return inRow(buttons, at, 1);
  if (key === "ArrowUp") return inRow(buttons, at, -1);
  return null;
}

/** The nearest button in the row below or above. @param {HTMLElement[]} buttons @param {number} at @param {1 | -1} step */
function inRow(buttons, at, step) {
  const { left, top } = buttons[at].getBoundingClientRect();
  let row = top;
  let best = -1;
  let distance = Infinity;
  for (let i = at + step; i >= 0 && i < buttons.length; i += step) {
    const rect = buttons[i].getBoundingClientRect();
    if (row === top && rect.top !== top) row = rect.top;
    if (row !== top && rect.top !== row) break;
    if (row !== top && Math.abs(rect.left - left) < distance) [best, distance] = [i, Math.abs(rect.left - left)];
  }
  return best >= 0 ? best : step < 0 ? -1 : at;
}
