// The panel with all files of a room, the newest first: by kind, and by words of their names.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { changesOf, placeOf } from "../../features/saved/changes.js";
import { roomPath } from "../../model/panel.js";
import { MoreButton } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { fileSize, isLightPicture, isPicture, isViewed } from "../files/file_kinds.js";
import { FileName } from "../files/file_name.js";
import { AUTOMATIC_BYTES, Download, Lightbox, pictureAddress, useNearlyVisible } from "../files/files.js";
import { KINDS, listedFiles } from "../files/listed_files.js";
import { useChat, useSelected } from "../shared/context.js";
import { useDebounced, usePages } from "../shared/loading.js";
import { FilesFrom, useNewest } from "./room_files.js";

/** @typedef {import("../../model/types").Message} Message */
/** @typedef {import("../../model/types").WireFile} WireFile */
/** @typedef {import("../files/listed_files.js").FileKind} FileKind */

/** Messages with files on a page. */
const PAGE = 20;

/** @param {{ room: number }} props */
export function FilesPanel({ room }) {
  const chat = useChat();
  const [kind, setKind] = useState(/** @type {FileKind | ""} */ (""));
  const [typed, setTyped] = useState("");
  const words = useDebounced(typed).trim();
  const newest = useNewest(useSelected((state) => state.rooms.get(room)?.info.last));
  const [shown, setShown] = useState(/** @type {ReadonlySet<string>} */ (new Set()));
  const changed = useSelected((state) => changesOf(state.rooms, shown)); // also of messages that are not loaded
  const pages = usePages((after) => find(chat, room, kind, words, after), [room, kind, words, newest, changed]);
  const items = pages.items?.flatMap((message) => {
    const files = listedFiles(message.files ?? [], kind, words);
    return files.length > 0 ? [{ message, files }] : [];
  });
  useEffect(() => {
    if (pages.items) setShown(new Set(pages.items.map(placeOf)));
  }, [pages.items]);
  const viewed = items?.flatMap(({ files }) => files.filter(isViewed)) ?? [];
  return html`
    <header class="panel-head">
      <a class="icon-button" href=${roomPath(room, { show: "room" })} title=${t("room.about")}>${icon("back")}</a>
      <h2 tabindex="-1">${t("room.files")}</h2>
      <a class="icon-button" href=${roomPath(room)} title=${t("common.close")}>${icon("close")}</a>
    </header>
    <div class="panel-body files-panel">
      <div class="search-field">
        ${icon("search")}
        <input type="search" dir="auto" value=${typed} aria-label=${t("files.search")} placeholder=${t("files.search")} autocomplete="off"
          onInput=${(/** @type {any} */ event) => setTyped(event.target.value)} />
      </div>
      <div class="files-kinds" role="group" aria-label=${t("files.kinds")}>
        ${/** @type {const} */ (["", ...KINDS]).map(
          (each) => html`<button type="button" key=${each} class=${each === kind ? "button small is-on" : "button small"} aria-pressed=${each === kind}
            onClick=${() => setKind(each)}>${t(`files.kind_${each || "any"}`)}</button>`,
        )}
      </div>
      ${!items && !pages.error && html`<div class="empty" aria-busy="true"><span class="spinner"></span></div>`}
      ${items?.length === 0 && !pages.hasMore && html`<p class="soft" role="status">${t(kind || words ? "files.none_found" : "files.none")}</p>`}
      <ul class="list room-files" aria-label=${t("room.files")} aria-busy=${!items && !pages.error}>
        ${items?.map(({ message, files }) => html`<${Listed} key=${message.seq} message=${message} files=${files} viewed=${viewed} />`)}
      </ul>
      <${MoreButton} pages=${pages} />
    </div>`;
}

/**
 * A page of messages with such files.
 * @param {import("../../model/types").Chat} chat
 * @param {number} room
 * @param {FileKind | ""} kind
 * @param {string} words of their names
 * @param {number | string | undefined} after
 * @returns {Promise<{ items: Message[], next?: number }>}
 */
async function find(chat, room, kind, words, after) {
  const page = { limit: String(PAGE), ...(after ? { after: String(after) } : {}) };
  if (/[\p{L}\p{N}]/u.test(words)) {
    const query = new URLSearchParams({ q: words.toWellFormed(), room: String(room), has: kind || "file", where: "names", ...page });
    const { hits, next } = /** @type {import("../../protocol").Hits} */ (await chat.call("GET", `/search?${query}`));
    return { items: hits.map(({ message }) => message), ...(next !== undefined && { next }) };
  }
  const query = new URLSearchParams({ ...(kind && { kind }), ...page });
  const { messages, next } = /** @type {import("../../protocol").FilesOfRoom} */ (await chat.call("GET", `/rooms/${room}/files?${query}`));
  return { items: messages, ...(next !== undefined && { next }) };
}

/** @param {{ message: Message, files: WireFile[], viewed: WireFile[] }} props `viewed`: all pictures and PDFs of the list */
function Listed({ message, files, viewed }) {
  const isDeleted = useSelected((state) => Boolean(state.rooms.get(message.room)?.messages.get(message.seq)?.deleted));
  if (isDeleted) return null;
  return html`<li>
    <${FilesFrom} message=${message} />
    ${files.map((file) => (isPicture(file) ? html`<${PictureRow} key=${file.id} file=${file} viewed=${viewed} />` : html`<${Download} key=${file.id} file=${file} around=${() => viewed} />`))}
  </li>`;
}

/** A picture in a row, which opens it among the others. @param {{ file: WireFile, viewed: WireFile[] }} props */
function PictureRow({ file, viewed }) {
  const chat = useChat();
  const row = useRef(/** @type {HTMLElement | null} */ (null));
  const [address, setAddress] = useState("");
  const [isOpen, open] = useState(false);
  const isHere = useRef(true);
  useEffect(() => () => void (isHere.current = false), []);
  useNearlyVisible(row, () => {
    if (file.size > AUTOMATIC_BYTES || !isLightPicture(file)) return;
    pictureAddress(chat, file).then(
      (found) => isHere.current && setAddress(found),
      () => undefined, // the icon stays; opening it shows the reason
    );
  });
  return html`<button ref=${row} type="button" class="file-row" onClick=${() => open(true)} title=${t("files.open", { name: file.name })}>
      <span class="file-row-icon">${address ? html`<img src=${address} alt="" />` : icon("image")}</span>
      <span class="file-row-text">
        <${FileName} name=${file.name} class="file-row-name" />
        <span class="file-row-size">${fileSize(file.size)}</span>
      </span>
    </button>
    ${isOpen && html`<${Lightbox} first=${file} files=${viewed} onClose=${() => open(false)} />`}`;
}
