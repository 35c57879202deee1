// Search: one field, and what was found in all rooms that one is in, the newest first.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { fold } from "../../model/room_list.js";
import { parseSearchQuery } from "../../model/search_query.js";
import { useChat, useSelected } from "../shared/context.js";
import { MoreButton } from "../controls/fields.js";
import { Hit } from "./hit.js";
import { icon } from "../controls/icon.js";
import { usePages } from "../shared/loading.js";
import { roomName } from "../shared/names.js";
import { navigate } from "../shared/router.js";
import { useTitle } from "../shared/title.js";

/** @typedef {import("./hit.js").FoundMessage} FoundMessage */
/** @typedef {import("../shared/context.js").Chat} Chat */

/**
 * @param {{ asked: string }} props the query as the address has it
 */
export function Search({ asked }) {
  const [text, setText] = useState(asked);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useTitle(t("search.title"));
  useLayoutEffect(() => setText(asked), [asked]);
  useEffect(() => field.current?.focus(), []);
  const ask = (/** @type {Event} */ event) => {
    event.preventDefault();
    navigate(`/search?q=${encodeURIComponent(text.trim().toWellFormed())}`, { replace: true });
  };
  const add = (/** @type {string} */ part) => {
    setText(`${text.trimEnd()} ${part}`.trimStart());
    field.current?.focus();
  };
  const isAsked = Boolean(parseSearchQuery(asked).words);
  return html`<main class="place-body search">
    <header class="place-head">
      <a class="icon-button place-back" href="/" aria-label=${t("shell.back")}>${icon("back")}</a>
      <h1>${t("search.title")}</h1>
    </header>
    <form class="search-form" role="search" onSubmit=${ask}>
      <div class="search-field">
        ${icon("search")}
        <input
          type="search" dir="auto" ref=${field} value=${text} aria-label=${t("search.title")} placeholder=${t("search.placeholder")}
          onInput=${(/** @type {any} */ event) => setText(event.target.value)} autocomplete="off" enterkeyhint="search"
        />
        <button type="submit" class="button primary">${t("search.search")}</button>
      </div>
      <p class="search-parts">
        ${["from:", "in:", "since:", "before:", '"…"'].map(
          (part) => html`<button type="button" class="button small" onClick=${() => add(part === '"…"' ? '"' : part)} title=${t(hintOf(part))}>${part}</button>`,
        )}
      </p>
    </form>
    <div class="search-hits">
      ${isAsked ? html`<${Hits} key=${asked} asked=${asked} />` : html`<${Help} asked=${asked} />`}
    </div>
  </main>`;
}

/** @param {string} part */
function hintOf(part) {
  const hints = /** @type {const} */ ({
    "from:": "search.from_hint",
    "in:": "search.in_hint",
    "since:": "search.since_hint",
    "before:": "search.before_hint",
  });
  return hints[/** @type {keyof typeof hints} */ (part)] ?? "search.phrase_hint";
}

/** Before anything is looked for: how, and where one was mentioned. @param {{ asked: string }} props */
function Help({ asked }) {
  return html`<p class="search-help soft">${asked && html`<strong>${t("search.no_words")}.</strong>`} ${t("search.help")}</p>
    <${Mentions} />`;
}

function Mentions() {
  const chat = useChat();
  const pages = usePages(async (after) => {
    const { hits, next } = /** @type {{ hits: FoundMessage[], next?: number }} */ (await chat.call("GET", `/mentions${after ? `?after=${after}` : ""}`));
    return { items: hits, next };
  }, []);
  return html`<h2 class="search-mentions">${t("search.mentions")}</h2>
    ${pages.items?.length === 0 && html`<p class="search-help soft">${t("search.no_mentions")}</p>`}
    <${HitList} label=${t("search.mentions")} pages=${pages} />`;
}

/** @param {{ label: string, pages: ReturnType<typeof usePages<FoundMessage>> }} props */
function HitList({ label, pages }) {
  const me = useSelected((state) => state.me?.id);
  return html`
    <ol class="list hits" aria-label=${label} aria-busy=${!pages.items && !pages.error}>
      ${pages.items?.map((hit) => html`<${Hit} key=${`${hit.message.room}-${hit.message.seq}`} hit=${hit} me=${me} />`)}
    </ol>
    <${MoreButton} pages=${pages} />
  `;
}

/** @param {{ asked: string }} props */
function Hits({ asked }) {
  const chat = useChat();
  const pages = usePages((after) => find(chat, asked, after), [asked]);
  if (!pages.items && !pages.error) return html`<div class="empty" aria-busy="true"><span class="spinner"></span><p>${t("search.searching")}</p></div>`;
  if (pages.items?.length === 0) return html`<${None} asked=${asked} />`;
  return html`<${HitList} label=${t("search.found")} pages=${pages} />`;
}

/** @param {{ asked: string }} props */
function None({ asked }) {
  return html`<div class="empty" role="status">
    ${icon("search", { size: 32 })}
    <h2>${t("search.none")}</h2>
    <p>${t("search.none_text")}</p>
    <p><code dir="auto">${asked}</code></p>
  </div>`;
}

/**
 * A page of what is found. Names that nobody and no room has, and days that are none, are said instead of searched.
 * @param {Chat} chat
 * @param {string} text
 * @param {number | string | undefined} after
 * @returns {Promise<{ items: FoundMessage[], next?: number }>}
 */
async function find(chat, text, after) {
  const asked = parseSearchQuery(text);
  if (asked.invalid.length > 0) throw new Error(t("search.wrong_day", { part: asked.invalid[0] }));
  const query = new URLSearchParams({ q: asked.words });
  if (asked.from) query.set("from", String(await personCalled(chat, asked.from)));
  if (asked.room) query.set("room", String(roomCalled(chat, asked.room)));
  if (asked.since) query.set("since", String(asked.since));
  if (asked.before) query.set("before", String(asked.before));
  if (after) query.set("after", String(after));
  const { hits, next } = /** @type {{ hits: FoundMessage[], next?: number }} */ (await chat.call("GET", `/search?${query}`));
  return { items: hits, next };
}

/** @param {Chat} chat @param {string} name */
async function personCalled(chat, name) {
  const { me } = chat.get();
  const wanted = fold(name);
  if (me && [me.name, me.display ?? "", "me", t("you")].some((each) => fold(each) === wanted)) return me.id;
  const { people } = /** @type {{ people: import("../../model/types").Person[] }} */ (
    await chat.call("GET", `/people?${new URLSearchParams({ q: name, limit: "100" })}`)
  );
  const found = people.find((person) => fold(person.name) === wanted || fold(person.display ?? "") === wanted) ?? people[0];
  if (!found) throw new Error(t("search.nobody", { name }));
  return found.id;
}

/** @param {Chat} chat @param {string} name */
function roomCalled(chat, name) {
  const rooms = [...chat.get().rooms.values()].map(({ info }) => info);
  const wanted = fold(name);
  const called = (/** @type {import("../../model/types").RoomInfo} */ info) => [roomName(info), info.name ?? ""].map(fold);
  const found = rooms.find((info) => called(info).includes(wanted)) ?? rooms.find((info) => fold(roomName(info)).includes(wanted));
  if (!found) throw new Error(t("search.no_room", { name }));
  return found.id;
}
