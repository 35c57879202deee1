// A PDF, a page at a time: fitted to the width, larger or smaller. It is drawn in a worker (pdf_worker.js).

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "../controls/icon.js";
import { useChat } from "../shared/context.js";
import { problemText } from "../shared/problem.js";
import { PdfProblem, PdfReader } from "./pdf_reader.js";

/** @typedef {import("../../model/types").WireFile} WireFile */

/** Of the width; a page is never wider than 1,000 pixels unless one enlarges it. */
const ZOOMS = [0.5, 0.75, 1, 1.5, 2, 3];
const FITTED = 2;
const WIDEST = 1_000;

/** Milliseconds without a change of the width until a page is drawn again. */
const SETTLED = 150;

/** @param {{ file: WireFile, onBytes: (bytes: Blob) => void }} props `onBytes` is called with what can be saved */
export function PdfPages({ file, onBytes }) {
  const chat = useChat();
  const [reader, setReader] = useState(/** @type {PdfReader | null} */ (null));
  const [pages, setPages] = useState(0);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let isHere = true;
    /** @type {PdfReader | undefined} */
    let mine;
    const load = async () => {
      const bytes = await chat.download(file.id);
      if (!isHere) return;
      onBytes(bytes);
      mine = new PdfReader(bytes);
      const found = await mine.open();
      if (!isHere) return;
      setPages(found);
      setReader(mine);
    };
    load().catch((error) => isHere && setProblem(reasonOf(error)));
    return () => {
      isHere = false;
      mine?.end();
    };
  }, [chat, file.id]);
  if (problem) return html`<p class="pdf-problem" role="alert">${problem}</p>`;
  if (!reader) return html`<span class="spinner" role="status" aria-label=${t("common.loading")}></span>`;
  return html`<${Shown} reader=${reader} pages=${pages} name=${file.name} />`;
}

/** @param {{ reader: PdfReader, pages: number, name: string }} props */
function Shown({ reader, pages, name }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const [page, setPage] = useState(1);
  const [zoom, setZoom] = useState(FITTED);
  const width = useWidth(place);
  const [shown, setShown] = useState({ page: 0, text: "", isPartial: false });
  const [problem, setProblem] = useState("");
  useEffect(() => {
    if (!width) return undefined;
    let isWanted = true;
    const wanted = Math.min(width, WIDEST) * (ZOOMS[zoom] ?? 1);
    const draw = async () => {
      const { bitmap, text, isPartial } = await reader.draw(page, wanted * devicePixelRatio);
      const target = canvas.current;
      if (!isWanted || !target) return bitmap.close();
      const across = Math.min(wanted, bitmap.width / devicePixelRatio);
      target.width = bitmap.width;
      target.height = bitmap.height;
      target.style.inlineSize = `${across}px`;
      target.getContext("bitmaprenderer")?.transferFromImageBitmap(bitmap);
      setProblem("");
      setShown({ page, text, isPartial });
    };
    draw().catch((error) => isWanted && setProblem(reasonOf(error)));
    return () => {
      isWanted = false;
    };
  }, [reader, page, zoom, width]);
  useEffect(() => place.current?.scrollTo(0, 0), [page]);
  const turn = (/** @type {number} */ to) => {
    setProblem("");
    setPage(Math.min(pages, Math.max(1, to)));
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const by = { PageDown: 1, PageUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    turn(page + by);
  };
  const isDrawn = shown.page === page && !problem;
  return html`<div class="pdf" onKeyDown=${onKeyDown}>
    <div class="pdf-place" ref=${place} tabindex="0" role="group" aria-label=${`${name}, ${t("pdf.page_of", { page, pages })}`} aria-busy=${!isDrawn && !problem}>
      ${problem && html`<p class="pdf-problem" role="alert">${problem}</p>`}
      ${!problem && shown.isPartial && isDrawn && html`<p class="pdf-problem" role="status">${t("pdf.partial")}</p>`}
      <canvas ref=${canvas} class="pdf-page" hidden=${problem !== "" || shown.page === 0} aria-hidden="true"></canvas>
      ${isDrawn && html`<p class="visually-hidden" dir="auto">${shown.text}</p>`}
      ${!isDrawn && !problem && html`<span class="spinner pdf-busy"></span>`}
    </div>
    <div class="pdf-tools">
      <button type="button" class="icon-button" title=${t("pdf.previous")} disabled=${page === 1} onClick=${() => turn(page - 1)}>${icon("chevron_left")}</button>
      <span aria-live="polite">${t("pdf.page_of", { page, pages })}</span>
      <button type="button" class="icon-button" title=${t("pdf.next")} disabled=${page === pages} onClick=${() => turn(page + 1)}>${icon("chevron_right")}</button>
      ${pages > 2 && html`<${GoTo} pages=${pages} turn=${turn} />`}
      <button type="button" class="icon-button" title=${t("pdf.smaller")} disabled=${zoom === 0} onClick=${() => setZoom(zoom - 1)}>−</button>
      <button type="button" class="button quiet small" aria-pressed=${zoom === FITTED} onClick=${() => setZoom(FITTED)}>${t("pdf.width")}</button>
      <button type="button" class="icon-button" title=${t("pdf.larger")} disabled=${zoom === ZOOMS.length - 1} onClick=${() => setZoom(zoom + 1)}>${icon("add", { size: 18 })}</button>
    </div>
  </div>`;
}

/** @param {{ pages: number, turn: (to: number) => void }} props */
function GoTo({ pages, turn }) {
  const go = (/** @type {Event & { currentTarget: HTMLInputElement }} */ event) => {
    const to = Math.round(Number(event.currentTarget.value));
    if (to >= 1 && to <= pages) turn(to);
    event.currentTarget.value = "";
  };
  return html`<input class="pdf-go" type="number" min="1" max=${pages} inputmode="numeric" aria-label=${t("pdf.go_to")} placeholder=${t("pdf.go_to")} onChange=${go} />`;
}

/** The inner width of an element in pixels, once it stays. @param {{ current: HTMLElement | null }} element */
function useWidth(element) {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const place = element.current;
    if (!place) return undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const read = () => setWidth(place.clientWidth);
    const observer = new ResizeObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(read, SETTLED);
    });
    read();
    observer.observe(place);
    return () => {
      observer.disconnect();
      clearTimeout(timer);
    };
  }, []);
  return width;
}

/** @param {unknown} error */
function reasonOf(error) {
  if (!(error instanceof PdfProblem)) return problemText(error);
  return t(`pdf.${error.kind}`);
}
