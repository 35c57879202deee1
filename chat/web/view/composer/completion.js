// Completes names after `@`, emoji after `:` and what features offer after signs of theirs in a list above the composer, for the keyboard and the pointer.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { parts } from "../../features/registry.js";
import { t } from "../../i18n/index.js";
import { avatar } from "../controls/avatar.js";
import { commandsFor, commandsIn } from "./commands.js";
import { findPeople } from "./completion_people.js";
import { useChat } from "../shared/context.js";
import { drawnEmoji } from "../controls/custom_emoji.js";
import { customGroup, findEmoji, loadEmoji } from "../controls/emoji_picker.js";
import { icon } from "../controls/icon.js";
import { personName } from "../shared/names.js";
import { noteEmoji } from "../shared/recent_emoji.js";

/** @typedef {import("../../model/types").Person} Person */
/** @typedef {import("../controls/icon.js").Icon} Icon */
/** @typedef {{ key: string, insert: string, emoji?: string, person?: Person, note?: string, label?: string, icon?: Icon, hint?: string }} Option */
/** @typedef {{ sign: string, word: string, from: number }} Query the word to complete */

const MOST = 8;
const LIST = "completions";

/**
 * The word before the caret that may be completed.
 * @param {string} before
 * @param {readonly string[]} [others] further signs
 * @returns {Query | null}
 */
export function completionAt(before, others = []) {
  const other = others.length > 0 && /(?:^|\s)(\S)(\S{0,32})$/u.exec(before);
  if (other && others.includes(other[1])) return { sign: other[1], word: other[2], from: before.length - other[2].length - 1 };
  const found = /(?:^|[\s(])([@:])([^\s@:]{0,32})$/u.exec(before);
  if (!found || (found[1] === ":" && !/^[\p{L}\p{N}_+-]{2,}$/u.test(found[2]))) return null;
  return { sign: found[1], word: found[2], from: before.length - found[2].length - 1 };
}

/**
 * @param {{ current: HTMLTextAreaElement | null }} field
 * @param {import("../../model/types").RoomInfo} info
 * @param {(text: string) => void} change
 */
export function useCompletion(field, info, change) {
  const chat = useChat();
  const [query, setQuery] = useState(/** @type {Query | null} */ (null));
  const now = useRef(query); // the current value: more keys may come before the next render
  const setLatest = (/** @type {Query | null} */ next) => setQuery((now.current = next));
  const [found, setFound] = useState({ word: "", options: /** @type {Option[]} */ ([]) });
  const { options } = found;
  const [active, setActive] = useState(0);
  const latest = useRef(0);
  const activate = (/** @type {number} */ index) => setActive((latest.current = index));
  const dismissed = useRef(-1);
  const settled = useRef(""); // the last word whose options came
  const isWanted = useRef(false); // the first option is chosen once they come

  useEffect(() => {
    let isLatest = true;
    const show = (/** @type {Option[]} */ options) => {
      if (!isLatest) return;
      setFound({ word: query?.word ?? "", options });
      activate(0);
      settled.current = query ? keyOf(query) : "";
      if (isWanted.current && options.length > 0) choose(options[0]);
      isWanted.current = false;
    };
    if (!query) show([]);
    else if (query.sign === "@") findPeople(chat, info, query.word, (people) => show(people.slice(0, MOST)));
    else if (query.sign !== ":") findByFeature(chat, info, query).then(show, () => show([]));
    else Promise.all([customGroup(chat), loadEmoji()]).then(([own, all]) => show(findEmoji([...own, ...all], query.word, MOST).map(emojiOption)), () => show([]));
    return () => {
      isLatest = false;
    };
  }, [chat, info.id, query?.sign, query?.word, query?.from]);

  const isOpen = query !== null && options.length > 0;
  const close = () => setLatest(null);

  function update() {
    const { selectionStart, selectionEnd, value } = /** @type {HTMLTextAreaElement} */ (field.current);
    const signs = [...parts("completion").flatMap((each) => (each.isOffered(chat.get(), info) ? [each.sign] : [])), ...(commandsIn(chat.get(), info).length ? ["/"] : [])];
    const found = selectionStart === selectionEnd ? completionAt(value.slice(0, selectionStart), signs) : null;
    if (found?.from !== dismissed.current) dismissed.current = -1;
    setLatest(found && found.from !== dismissed.current ? found : null);
  }

  /** @param {Option} option */
  function choose(option) {
    const element = field.current;
    const query = now.current;
    if (!element || !query) return;
    if (option.emoji) noteEmoji(option.emoji);
    const end = query.from + 1 + query.word.length;
    const caret = query.from + option.insert.length;
    const after = element.value.slice(end);
    change(element.value.slice(0, query.from) + option.insert + (option.insert.endsWith(" ") ? after.replace(/^ /, "") : after));
    close();
    element.focus();
    element.setSelectionRange(caret, caret);
  }

  /** Choose the active option. If the word has changed since the options came, choose the first that still matches. @param {Query} query */
  function take({ word }) {
    const active = options[latest.current];
    const match = word === found.word ? active : [active, ...options].find((option) => matchesWord(option, word));
    if (match) choose(match);
  }

  /** Handle a key; returns whether it was for the list. @param {KeyboardEvent} event */
  function onKeyDown(event) {
    const asked = now.current;
    const isAwaited = asked !== null && parts("completion").some((each) => each.sign === asked.sign && !each.isLate && each.isOffered(chat.get(), info));
    if (asked && isAwaited && settled.current !== keyOf(asked) && isTaking(event)) {
      isWanted.current = true;
      event.preventDefault();
      return true;
    }
    if (!isOpen || !now.current) return false;
    const count = options.length;
    if (event.key === "ArrowDown") activate((latest.current + 1) % count);
    else if (event.key === "ArrowUp") activate((latest.current + count - 1) % count);
    else if (isTaking(event)) take(now.current);
    else if (event.key === "Escape") {
      dismissed.current = now.current.from;
      close();
    } else return false;
    event.preventDefault();
    return true;
  }

  const fieldProps = isOpen
    ? { role: "combobox", "aria-expanded": "true", "aria-controls": LIST, "aria-autocomplete": "list", "aria-activedescendant": `${LIST}-${active}` }
    : {};
  return { fieldProps, isOpen, options, active, update, choose, close, onKeyDown };
}

/** @param {KeyboardEvent} event */
function isTaking({ key, shiftKey }) {
  return (key === "Enter" || key === "Tab") && !shiftKey;
}

/** @param {Query} query */
function keyOf({ sign, word, from }) {
  return `${from}${sign}${word}`;
}

/** @param {import("../../model/types").Chat} chat @param {import("../../model/types").RoomInfo} info @param {Query} query @returns {Promise<Option[]>} */
async function findByFeature(chat, info, { sign, word, from }) {
  const offered = parts("completion").filter((each) => each.sign === sign && each.isOffered(chat.get(), info));
  const found = await Promise.all(offered.map((each) => each.find(chat, info, word, from).catch(() => [])));
  return [...(sign === "/" && from === 0 ? commandsFor(chat.get(), info, word) : []), ...found.flat()].slice(0, MOST);
}

/** @param {Option} option @param {string} word */
function matchesWord({ insert, person, note, label }, word) {
  return [insert, person?.display, note, label].some((text) => text?.toLowerCase().includes(word.toLowerCase()));
}

/** @param {{ emoji: string, names: string[] }} found @returns {Option} */
function emojiOption({ emoji, names }) {
  return { key: emoji, insert: `${emoji} `, emoji, note: names[0] };
}

/** @param {{ completion: ReturnType<typeof useCompletion> }} props */
export function Completions({ completion: { isOpen, options, active, choose } }) {
  useEffect(() => {
    if (isOpen) document.getElementById(`${LIST}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [isOpen, options, active]);
  if (!isOpen) return null;
  return html`<ul class="completions" id=${LIST} role="listbox" aria-label=${t("composer.completions")}>
    ${options.map(
      (option, i) => html`<li class="completion" role="option" id=${`${LIST}-${i}`} key=${option.key} aria-selected=${i === active}
        onPointerDown=${(/** @type {Event} */ event) => event.preventDefault()} onClick=${() => choose(option)}>
        ${option.person && avatar(option.person, { size: "small" })}
        ${option.emoji && html`<span class="completion-emoji">${drawnEmoji(option.emoji)}</span>`}
        ${!option.person && !option.emoji && icon(option.icon ?? "people")}
        ${option.hint && html`<span class="visually-hidden">${option.hint}</span>`}
        <span class=${option.label ? "completion-name completion-label" : "completion-name"} dir="auto">${option.label ?? (option.person ? personName(option.person) : (option.emoji ? option.note : option.insert.trim()))}</span>
        ${option.note && !option.emoji && html`<span class="soft" dir="auto">${option.note}</span>`}
      </li>`,
    )}
  </ul>`;
}
