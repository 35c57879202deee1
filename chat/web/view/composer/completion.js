// Completes names after `@` and emoji after `:` in a list above the composer, for the keyboard and the pointer.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { avatar } from "../controls/avatar.js";
import { findPeople } from "./completion_people.js";
import { useChat } from "../shared/context.js";
import { findEmoji, loadEmoji } from "../controls/emoji_picker.js";
import { icon } from "../controls/icon.js";
import { personName } from "../shared/names.js";
import { noteEmoji } from "../shared/recent_emoji.js";

/** @typedef {import("../../model/types").Person} Person */
/** @typedef {{ key: string, insert: string, emoji?: string, person?: Person, note?: string }} Option */
/** @typedef {{ sign: string, word: string, from: number }} Query the word to complete */

const MOST = 8;
const LIST = "completions";

/** The word before the caret that may be completed. @param {string} before @returns {Query | null} */
export function completionAt(before) {
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

  useEffect(() => {
    let isLatest = true;
    const show = (/** @type {Option[]} */ options) => {
      if (!isLatest) return;
      setFound({ word: query?.word ?? "", options });
      activate(0);
    };
    if (!query) show([]);
    else if (query.sign === "@") findPeople(chat, info, query.word, (people) => show(people.slice(0, MOST)));
    else loadEmoji().then((groups) => show(findEmoji(groups, query.word, MOST).map(emojiOption)), () => show([]));
    return () => {
      isLatest = false;
    };
  }, [chat, info.id, query?.sign, query?.word, query?.from]);

  const isOpen = query !== null && options.length > 0;
  const close = () => setLatest(null);

  function update() {
    const { selectionStart, selectionEnd, value } = /** @type {HTMLTextAreaElement} */ (field.current);
    const found = selectionStart === selectionEnd ? completionAt(value.slice(0, selectionStart)) : null;
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
    change(element.value.slice(0, query.from) + option.insert + element.value.slice(end).replace(/^ /, ""));
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
    if (!isOpen || !now.current) return false;
    const count = options.length;
    if (event.key === "ArrowDown") activate((latest.current + 1) % count);
    else if (event.key === "ArrowUp") activate((latest.current + count - 1) % count);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) take(now.current);
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

/** @param {Option} option @param {string} word */
function matchesWord({ insert, person, note }, word) {
  return [insert, person?.display, note].some((text) => text?.toLowerCase().includes(word.toLowerCase()));
}

/** @param {{ emoji: string, names: string[] }} found @returns {Option} */
function emojiOption({ emoji, names }) {
  return { key: emoji, insert: `${emoji} `, emoji, note: names[0] };
}

/** @param {{ completion: ReturnType<typeof useCompletion> }} props */
export function Completions({ completion: { isOpen, options, active, choose } }) {
  if (!isOpen) return null;
  return html`<ul class="completions" id=${LIST} role="listbox" aria-label=${t("composer.completions")}>
    ${options.map(
      (option, i) => html`<li class="completion" role="option" id=${`${LIST}-${i}`} key=${option.key} aria-selected=${i === active}
        onPointerDown=${(/** @type {Event} */ event) => event.preventDefault()} onClick=${() => choose(option)}>
        ${option.person && avatar(option.person, { size: "small" })}
        ${option.emoji && html`<span class="completion-emoji">${option.emoji}</span>`}
        ${!option.person && !option.emoji && icon("people")}
        <span class="completion-name" dir="auto">${option.person ? personName(option.person) : (option.emoji ? option.note : option.insert.trim())}</span>
        ${option.note && !option.emoji && html`<span class="soft" dir="auto">${option.note}</span>`}
      </li>`,
    )}
  </ul>`;
}
