// The files of a message: pictures, and a download row for every other file.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { Dialog } from "../controls/dialog.js";
import { fileSize, isLightPicture, isPicture } from "./file_kinds.js";
import { FileName } from "./file_name.js";
import { icon } from "../controls/icon.js";
import { problemText } from "../shared/problem.js";
import { sessionMap } from "../shared/session_memory.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").WireFile} WireFile */

/** The largest size of a picture in the timeline, in pixels. */
const MAX_WIDTH = 416;
const MAX_HEIGHT = 320;
/** The most bytes of a picture that is loaded automatically. */
const AUTOMATIC_BYTES = 8_000_000;
/** Pictures whose bytes stay in memory. */
const CACHED = 60;

/** Addresses of pictures by file id, the most recently used at the end. @type {Map<number, Promise<string>>} */
const cache = sessionMap();

/** @param {{ files: readonly WireFile[], tab?: number }} props `tab`: the buttons' tabindex */
export function Files({ files, tab = 0 }) {
  const pictures = files.filter(isPicture);
  const others = files.filter((file) => !isPicture(file));
  return html`<div class="message-files">
    ${pictures.length > 0 && html`<div class="message-pictures">${pictures.map((file) => html`<${Picture} key=${file.id} file=${file} tab=${tab} />`)}</div>`}
    ${others.length > 0 && html`<div class="message-downloads">${others.map((file) => html`<${Download} key=${file.id} file=${file} tab=${tab} />`)}</div>`}
  </div>`;
}

/** A picture. It reserves its space before it is loaded. @param {{ file: WireFile, tab: number }} props */
function Picture({ file, tab }) {
  const chat = useChat();
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const [isWanted, want] = useState(false);
  const [address, setAddress] = useState("");
  const [problem, setProblem] = useState("");
  const [isOpen, open] = useState(false);
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
    try {
      setAddress(await pictureAddress(chat, file)); // this picture may have been dropped from the cache
      open(true);
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  const hint = problem || (isLarge && !isWanted ? t("files.show", { size: fileSize(file.size) }) : "");
  return html`<button ref=${place} type="button" tabindex=${tab} class=${address ? "picture is-loaded" : "picture"} onClick=${act}
      aria-label=${t("files.open", { name: file.name })} style=${{ width: `${width}px`, aspectRatio: `${width} / ${height}` }}>
      ${address ? html`<img src=${address} alt="" width=${width} height=${height} />` : html`<span>${icon("image", { size: 22 })} ${hint}</span>`}
    </button>
    ${isOpen && html`<${Lightbox} file=${file} address=${address} onClose=${() => open(false)} />`}`;
}

/** @param {{ file: WireFile, address: string, onClose: () => void }} props */
function Lightbox({ file, address, onClose }) {
  const outside = (/** @type {MouseEvent} */ event) => event.target === event.currentTarget && onClose();
  return html`<${Dialog} title=${html`<${FileName} name=${file.name} />`} class="lightbox" onClose=${onClose}>
    <div class="lightbox-stage" onClick=${outside}><img src=${address} alt=${file.name} /></div>
    <p class="lightbox-foot">
      <span class="soft small">${file.width && file.height ? `${file.width} × ${file.height}, ` : ""}${fileSize(file.size)}</span>
      <a class="button" href=${address} download=${file.name}>${icon("download", { size: 18 })} ${t("files.save")}</a>
    </p>
  <//>`;
}

/** A file to save. Its contents are never shown in the page. @param {{ file: WireFile, tab?: number }} props */
export function Download({ file, tab = 0 }) {
  const chat = useChat();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  async function save() {
    setBusy(true);
    setProblem("");
    try {
      saveAs(file.name, await chat.download(file.id));
    } catch (error) {
      setProblem(problemText(error));
    }
    setBusy(false);
  }
  return html`<button type="button" tabindex=${tab} class="file-row" onClick=${save} disabled=${isBusy} aria-busy=${isBusy}>
      <span class="file-row-icon">${icon("file")}</span>
      <span class="file-row-text">
        <span class="visually-hidden">${t("files.download")}</span>
        <${FileName} name=${file.name} class="file-row-name" />
        <span class="file-row-size">${problem || fileSize(file.size)}</span>
      </span>
      ${isBusy ? html`<span class="spinner"></span>` : icon("download", { size: 18 })}
    </button>`;
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
