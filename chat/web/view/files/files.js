// The files of a message: pictures, and for every other file a row that saves it, or plays it.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { Dialog } from "../controls/dialog.js";
import { fileSize, isLightPicture, isPdf, isPicture, isViewed, playerOf } from "./file_kinds.js";
import { FileName } from "./file_name.js";
import { icon } from "../controls/icon.js";
import { lazy } from "../shared/lazy.js";
import { problemText } from "../shared/problem.js";
import { sessionMap } from "../shared/session_memory.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").WireFile} WireFile */

/** The largest size of a picture in the timeline, in pixels. */
const MAX_WIDTH = 416;
const MAX_HEIGHT = 320;
/** The most bytes of a picture that is loaded automatically. */
export const AUTOMATIC_BYTES = 8_000_000;
/** Pictures whose bytes stay in memory. */
const CACHED = 60;

const Sound = lazy(() => import("./sound.js"), "Sound");
const PdfPages = lazy(() => import("./pdf_pages.js"), "PdfPages");

/** Addresses of pictures by file id, the most recently used at the end. @type {Map<number, Promise<string>>} */
const cache = sessionMap();

/**
 * @param {{ files: readonly WireFile[], tab?: number, others?: () => WireFile[] }} props `tab`: the buttons' tabindex;
 *   `others`: all pictures and PDFs around these, in order, among which an opened one leads to the next
 */
export function Files({ files, tab = 0, others: around }) {
  const pictures = files.filter(isPicture);
  const others = files.filter((file) => !isPicture(file));
  const viewed = around ?? (() => files.filter(isViewed));
  return html`<div class="message-files">
    ${pictures.length > 0 && html`<div class="message-pictures">${pictures.map((file) => html`<${Picture} key=${file.id} file=${file} tab=${tab} around=${viewed} />`)}</div>`}
    ${others.length > 0 && html`<div class="message-downloads">${others.map((file) => html`<${Download} key=${file.id} file=${file} tab=${tab} around=${viewed} />`)}</div>`}
  </div>`;
}

/** The pictures and PDFs of a room's loaded messages, in order, without those of blocked people. @param {import("../../model/types").State} state @param {number} room */
export function viewedIn({ rooms, blocked }, room) {
  const said = [...(rooms.get(room)?.messages.values() ?? [])].sort((one, other) => one.seq - other.seq);
  return said.flatMap(({ sender, files = [] }) => (blocked.has(sender.id) ? [] : files.filter(isViewed)));
}

/** A picture. It reserves its space before it is loaded. @param {{ file: WireFile, tab: number, around: () => WireFile[] }} props */
function Picture({ file, tab, around }) {
  const chat = useChat();
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const [isWanted, want] = useState(false);
  const [address, setAddress] = useState("");
  const [problem, setProblem] = useState("");
  const [opened, open] = useState(/** @type {WireFile[] | null} */ (null));
  const isLarge = file.size > AUTOMATIC_BYTES || !isLightPicture(file);
  useNearlyVisible(place, () => !isLarge && want(true));
  useEffect(() => {
    if (!isWanted) return undefined;
    let isHere = true;
    pictureAddress(chat, file).then(
      (found) => isHere && setAddress(found),
      (error) => {
        if (!isHere) return;
        want(false);
        setProblem(problemText(error));
      },
    );
    return () => {
      isHere = false;
    };
  }, [chat, file.id, isWanted]);
  const { width, height } = shownSize(file);
  const act = async () => {
    setProblem("");
    if (!address) return want(true);
    open(around());
  };
  const hint = problem || (isLarge && !isWanted ? t("files.show", { size: fileSize(file.size) }) : "");
  return html`<button ref=${place} type="button" tabindex=${tab} class=${address ? "picture is-loaded" : "picture"} onClick=${act}
      aria-label=${t("files.open", { name: file.name })} style=${{ width: `${width}px`, aspectRatio: `${width} / ${height}` }}>
      ${address ? html`<img src=${address} alt="" width=${width} height=${height} />` : html`<span>${icon("image", { size: 22 })} ${hint}</span>`}
    </button>
    ${opened && html`<${Lightbox} first=${file} files=${opened} onClose=${() => open(null)} />`}`;
}

/** A picture or a PDF in the whole window; the arrow keys lead to the others. @param {{ first: WireFile, files: WireFile[], onClose: () => void }} props */
export function Lightbox({ first, files, onClose }) {
  const chat = useChat();
  const [file, show] = useState(first);
  const [address, setAddress] = useState("");
  const [problem, setProblem] = useState("");
  const [bytes, setBytes] = useState(/** @type {Blob | null} */ (null)); // of a PDF
  const isPaged = isPdf(file);
  useEffect(() => {
    let isHere = true;
    setProblem("");
    setBytes(null);
    if (isPaged) return undefined;
    pictureAddress(chat, file).then(
      (found) => isHere && setAddress(found),
      (error) => isHere && setProblem(problemText(error)),
    );
    return () => {
      isHere = false;
    };
  }, [chat, file.id]);
  const placeOf = (/** @type {WireFile} */ shown) => files.findIndex(({ id }) => id === shown.id);
  const step = (/** @type {number} */ by) => show((shown) => files[placeOf(shown) + by] ?? shown);
  useEffect(() => {
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      if (event.target instanceof HTMLInputElement) return;
      if (event.key === "ArrowLeft") step(-1);
      else if (event.key === "ArrowRight") step(1);
    };
    // On the window: a button that is disabled while it has the focus hears no keys.
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [files]);
  const outside = (/** @type {MouseEvent} */ event) => event.target === event.currentTarget && onClose();
  return html`<${Dialog} title=${html`<${FileName} name=${file.name} />`} class="lightbox" onClose=${onClose}>
    <div class="lightbox-stage" onClick=${outside}>
      ${isPaged && html`<${PdfPages} key=${file.id} file=${file} onBytes=${setBytes} />`}
      ${!isPaged && (problem ? html`<p role="alert">${problem}</p>` : address && html`<img src=${address} alt=${file.name} />`)}
      ${files.length > 1 &&
      html`<button type="button" class="icon-button lightbox-earlier" title=${t("files.previous")}
          disabled=${placeOf(file) === 0} onClick=${() => step(-1)}>${icon("chevron_left")}</button>
        <button type="button" class="icon-button lightbox-later" title=${t("files.next")} data-first
          disabled=${placeOf(file) === files.length - 1} onClick=${() => step(1)}>${icon("chevron_right")}</button>`}
    </div>
    <p class="lightbox-foot">
      <span class="soft small">${file.width && file.height ? `${file.width} × ${file.height}, ` : ""}${fileSize(file.size)}</span>
      ${
        isPaged
          ? html`<button type="button" class="button" disabled=${!bytes} onClick=${() => bytes && saveAs(file.name, bytes)}>${icon("download", { size: 18 })} ${t("files.save")}</button>`
          : html`<a class="button" href=${address} download=${file.name}>${icon("download", { size: 18 })} ${t("files.save")}</a>`
      }
    </p>
  <//>`;
}

/** A file to save. Sound and video play in the page, and a PDF opens, among the files `around` it. @param {{ file: WireFile, tab?: number, around?: () => WireFile[] }} props */
export function Download({ file, tab = 0, around = () => [file] }) {
  const chat = useChat();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [played, play] = useState(/** @type {Blob | null} */ (null));
  const [opened, open] = useState(/** @type {WireFile[] | null} */ (null));
  const player = playerOf(file);
  /** @param {(bytes: Blob) => void} use */
  const load = (use) => async () => {
    setBusy(true);
    setProblem("");
    try {
      use(await chat.download(file.id));
    } catch (error) {
      setProblem(problemText(error));
    }
    setBusy(false);
  };
  const save = load((bytes) => saveAs(file.name, bytes));
  const start = load((bytes) => play(new Blob([bytes], { type: file.type })));
  const row = html`<button type="button" tabindex=${tab} class="file-row" onClick=${save} disabled=${isBusy} aria-busy=${isBusy}>
      <span class="file-row-icon">${icon("file")}</span>
      <span class="file-row-text">
        <span class="visually-hidden">${t("files.download")}</span>
        <${FileName} name=${file.name} class="file-row-name" />
        <span class="file-row-size">${problem || fileSize(file.size)}</span>
      </span>
      ${isBusy ? html`<span class="spinner"></span>` : icon("download", { size: 18 })}
    </button>`;
  if (isPdf(file)) {
    return html`<div class="file-paged">
      <button type="button" tabindex=${tab} class="file-row" onClick=${() => open(around())}>
        <span class="file-row-icon">${icon("file")}</span>
        <span class="file-row-text">
          <span class="visually-hidden">${t("pdf.open")}</span>
          <${FileName} name=${file.name} class="file-row-name" />
          <span class="file-row-size">${problem || fileSize(file.size)}</span>
        </span>
      </button>
      <button type="button" tabindex=${tab} class="icon-button" title=${t("files.download_one", { name: file.name })} onClick=${save} disabled=${isBusy} aria-busy=${isBusy}>
        ${isBusy ? html`<span class="spinner"></span>` : icon("download", { size: 18 })}
      </button>
      ${opened && html`<${Lightbox} first=${file} files=${opened} onClose=${() => open(null)} />`}
    </div>`;
  }
  if (!player) return row;
  return html`<div class="file-played">
    ${
      played && !problem
        ? html`<${player === "audio" ? Sound : Video} name=${file.name} bytes=${played} tab=${tab} onProblem=${() => setProblem(t("files.unplayable"))} />`
        : html`<button type="button" tabindex=${tab} class="button quiet play" onClick=${start} disabled=${isBusy}>
            ${icon("play", { size: 18 })} ${t("files.play")}<span class="visually-hidden"> ${file.name}</span>
          </button>`
    }
    ${row}
  </div>`;
}

/** @param {{ name: string, bytes: Blob, onProblem: () => void, tab: number }} props */
function Video({ name, bytes, onProblem, tab }) {
  const [address, setAddress] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(bytes);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  return address && html`<video class="player" src=${address} controls autoplay tabindex=${tab} aria-label=${name} onError=${onProblem}></video>`;
}

/** @param {string} name @param {Blob} bytes */
function saveAs(name, bytes) {
  // A type that no browser renders, in case it does not save the file.
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The address of a picture's bytes, which are fetched once and cached. @param {Chat} chat @param {WireFile} file @returns {Promise<string>} */
export function pictureAddress(chat, file) {
  const known = cache.get(file.id);
  const found = known ?? chat.download(file.id).then((bytes) => URL.createObjectURL(new Blob([bytes], { type: file.type })));
  cache.delete(file.id);
  cache.set(file.id, found);
  if (!known) found.catch(() => cache.delete(file.id));
  const [oldest] = cache;
  if (cache.size > CACHED && oldest) {
    cache.delete(oldest[0]);
    oldest[1].then((address) => URL.revokeObjectURL(address)).catch(() => undefined);
  }
  return found;
}

/** The shown size of a picture: its own, or scaled down. @param {WireFile} file */
function shownSize({ width = MAX_WIDTH / 2, height = MAX_HEIGHT / 2 }) {
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  return { width: Math.max(48, Math.round(width * scale)), height: Math.max(48, Math.round(height * scale)) };
}

/** Call `act` once an element is nearly visible. @param {{ current: HTMLElement | null }} element @param {() => void} act */
export function useNearlyVisible(element, act) {
  useEffect(() => {
    if (!element.current) return undefined;
    const update = (/** @type {IntersectionObserverEntry[]} */ seen) => {
      if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      act();
    };
    const observer = new IntersectionObserver(update, { rootMargin: "400px" });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
}
