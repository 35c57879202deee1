// Search: one field, and the hits in all of this person's rooms, the newest first.

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
 * @param {{ query: string }} props the query in the address
 */
export function Search({ query }) {
  const [text, setText] = useState(query);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useTitle(t("search.title"));
  useLayoutEffect(() => setText(query), [query]);
  useEffect(() => field.current?.focus(), []);
  const ask = (/** @type {Event} */ event) => {
    event.preventDefault();
    navigate(`/search?q=${encodeURIComponent(text.trim().toWellFormed())}`, { replace: true });
  };
  const add = (/** @type {string} */ part) => {
    setText(`${text.trimEnd()} ${part}`.trimStart());
    field.current?.focus();
  };
  const asked = parseSearchQuery(query);
  const isSearch = Boolean(asked.words) || asked.has.length > 0 || asked.unknown.length > 0;
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
        ${["from:", "in:", "has:file", "has:image", "has:link", "since:", "before:", '"…"'].map(
          (part) => html`<button type="button" class="button small" onClick=${() => add(part === '"…"' ? '"' : part)} title=${t(hintOf(part))}>${part}</button>`,
        )}
      </p>
    </form>
    <div class="search-hits">
      ${isSearch ? html`<${Hits} key=${query} query=${query} />` : html`<${Help} query=${query} />`}
    </div>
  </main>`;
}

/** @param {string} part */
function hintOf(part) {
  const hints = /** @type {const} */ ({
    "from:": "search.from_hint",
    "in:": "search.in_hint",
    "has:file": "search.has_file_hint",
    "has:image": "search.has_image_hint",
    "has:link": "search.has_link_hint",
    "since:": "search.since_hint",
    "before:": "search.before_hint",
  });
  return hints[/** @type {keyof typeof hints} */ (part)] ?? "search.phrase_hint";
}

/** Before a search: an explanation, and the latest mentions. @param {{ query: string }} props */
function Help({ query }) {
  return html`<p class="search-help soft">${query && html`<strong>${t("search.no_words")}.</strong>`} ${t("search.help")}</p>
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

/** @param {{ query: string }} props */
function Hits({ query }) {
  const chat = useChat();
  const pages = usePages((after) => find(chat, query, after), [query]);
  if (!pages.items && !pages.error) return html`<div class="empty" aria-busy="true"><span class="spinner"></span><p>${t("search.searching")}</p></div>`;
  if (pages.items?.length === 0) return html`<${NoHits} query=${query} />`;
  return html`<${HitList} label=${t("search.found")} pages=${pages} />`;
}

/** @param {{ query: string }} props */
function NoHits({ query }) {
  return html`<div class="empty" role="status">
    ${icon("search", { size: 32 })}
    <h2>${t("search.none")}</h2>
    <p>${t("search.none_text")}</p>
    <p><code dir="auto">${query}</code></p>
  </div>`;
}

/**
 * A page of hits. Unknown names of people and rooms, invalid days and unknown filters are reported instead.
 * @param {Chat} chat
 * @param {string} text
 * @param {number | string | undefined} after
 * @returns {Promise<{ items: FoundMessage[], next?: number }>}
 */
async function find(chat, text, after) {
  const query = parseSearchQuery(text);
  if (query.invalid.length > 0) throw new Error(t("search.wrong_day", { part: query.invalid[0] }));
  if (query.unknown.length > 0) throw new Error(t("search.wrong_has", { part: query.unknown[0] }));
  const fields = new URLSearchParams({ q: query.words, ...(query.has.length > 0 && { has: query.has.join() }) });
  if (query.from) fields.set("from", String(await findPersonId(chat, query.from)));
  if (query.room) fields.set("room", String(findRoomId(chat, query.room)));
  if (query.since) fields.set("since", String(query.since));
  if (query.before) fields.set("before", String(query.before));
  if (after) fields.set("after", String(after));
  const { hits, next } = /** @type {{ hits: FoundMessage[], next?: number }} */ (await chat.call("GET", `/search?${fields}`));
  return { items: hits, next };
}

/** @param {Chat} chat @param {string} name */
async function findPersonId(chat, name) {
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
function findRoomId(chat, name) {
  const rooms = [...chat.get().rooms.values()].map(({ info }) => info);
  const wanted = fold(name);
  const called = (/** @type {import("../../model/types").RoomInfo} */ info) => [roomName(info), info.name ?? ""].map(fold);
  const found = rooms.find((info) => called(info).includes(wanted)) ?? rooms.find((info) => fold(roomName(info)).includes(wanted));
  if (!found) throw new Error(t("search.no_room", { name }));
  return found.id;
}
