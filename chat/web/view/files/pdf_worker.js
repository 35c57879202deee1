// Reads a PDF and draws its pages apart from the page: one that takes long delays nothing there, and is ended.
// Nothing in a PDF is run: its scripts need a viewer's sandbox, which is not here.

import { getDocument } from "../../vendor/pdf.js";

/** The most pixels of a drawn page, of one side of it, and of an image in it. Each takes four bytes. */
const MOST_PIXELS = 12_000_000;
const LONGEST_SIDE = 8_192;
const MOST_IMAGE_PIXELS = 64_000_000;

/** The most characters of a page's text for screen readers. */
const MOST_TEXT = 20_000;

const LIBRARY = new URL("../../vendor/pdf/", import.meta.url).href;

/** @type {any} */
let found;
let isPartial = false;

/** The id of the message that says that the library is there. */
const BEGUN = -1;

// The library draws in canvases and waits in timers; it has no document here.
const noDocument = { fonts: /** @type {any} */ (self).fonts, createElement: () => new OffscreenCanvas(1, 1) };

class Canvases {
  /** @param {number} width @param {number} height */
  create(width, height) {
    const canvas = new OffscreenCanvas(Math.max(1, width), Math.max(1, height));
    return { canvas, context: canvas.getContext("2d") };
  }
  /** @param {any} made @param {number} width @param {number} height */
  reset({ canvas }, width, height) {
    canvas.width = Math.max(1, width);
    canvas.height = Math.max(1, height);
  }
  /** @param {any} made */
  destroy(made) {
    made.canvas.width = made.canvas.height = 0;
    made.canvas = made.context = null;
  }
}

/** Filters need a document: without them a page has other colours at worst. */
class NoFilters {
  addFilter() {
    return "none";
  }
  addHCMFilter() {
    return "none";
  }
  addAlphaFilter() {
    return "none";
  }
  addLuminosityFilter() {
    return "none";
  }
  addKnockoutFilter() {
    return "none";
  }
  addHighlightHCMFilter() {
    return "none";
  }
  destroy() {}
}

/**
 * Of the fonts that every PDF may use, those that systems lack are here; for the others the browser has some. Tables of
 * Chinese and Japanese codes are not here.
 */
class Data {
  /** @param {{ kind: string, filename: string }} wanted */
  async fetch({ kind, filename }) {
    const answer = kind === "standardFontDataUrl" ? await fetch(LIBRARY + filename) : undefined;
    if (!answer?.ok) {
      isPartial = true;
      throw new Error(`there is no ${filename}`);
    }
    return new Uint8Array(await answer.arrayBuffer());
  }
}

/** @param {ArrayBuffer} bytes */
async function open(bytes) {
  const task = getDocument({
    ...{ data: new Uint8Array(bytes), ownerDocument: noDocument, CanvasFactory: Canvases, FilterFactory: NoFilters, BinaryDataFactory: Data },
    ...{ disableFontFace: !noDocument.fonts, useSystemFonts: Boolean(noDocument.fonts), useWorkerFetch: false, useWasm: false, wasmUrl: LIBRARY, standardFontDataUrl: LIBRARY },
    ...{ maxImageSize: MOST_IMAGE_PIXELS, enableXfa: false, isImageDecoderSupported: false, verbosity: 0 },
  });
  found = await task.promise;
  return { pages: found.numPages };
}

/** @param {number} number @param {number} width in pixels */
async function draw(number, width) {
  isPartial = false;
  const page = await found.getPage(number);
  const own = page.getViewport({ scale: 1 });
  const scale = Math.min(width / own.width, Math.sqrt(MOST_PIXELS / (own.width * own.height)), LONGEST_SIDE / Math.max(own.width, own.height));
  const viewport = page.getViewport({ scale });
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(viewport.width)), Math.max(1, Math.round(viewport.height)));
  const canvasContext = /** @type {any} */ (canvas.getContext("2d", { alpha: false }));
  await page.render({ canvas: null, canvasContext, viewport, background: "#fff" }).promise;
  const bitmap = canvas.transferToImageBitmap();
  const text = await textOf(page);
  page.cleanup();
  return { bitmap, text, isPartial };
}

/** @param {any} page @returns {Promise<string>} */
async function textOf(page) {
  try {
    const { items } = await page.getTextContent();
    let text = "";
    for (const { str = "", hasEOL } of items) {
      text += hasEOL ? `${str}\n` : str;
      if (text.length > MOST_TEXT) break;
    }
    return text.slice(0, MOST_TEXT);
  } catch {
    return "";
  }
}

// The library listens here too, and says so: what is meant for the page has the id of its question.
addEventListener("message", async ({ data: { id, bytes, page, width } }) => {
  if (!id) return;
  try {
    const made = bytes ? await open(bytes) : await draw(page, width);
    postMessage({ id, ...made }, "bitmap" in made ? { transfer: [made.bitmap] } : undefined);
  } catch (error) {
    const { name = "", message = "" } = /** @type {Error} */ (error) ?? {};
    postMessage({ id, problem: name === "PasswordException" ? "locked" : "broken", message: `${name} ${message}` });
  }
});
postMessage({ id: BEGUN });
