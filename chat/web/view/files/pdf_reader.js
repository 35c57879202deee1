// A PDF in a worker of its own. What takes too long ends the worker; the next question starts another one.

/** Milliseconds until the library is there, and for one answer. */
const FETCHED = 30_000;
const LONGEST = 10_000;

/** The id of the message that says that the library is there. */
const BEGUN = -1;

/** @typedef {{ bitmap: ImageBitmap, text: string, isPartial: boolean }} Drawn */

/** Why a PDF, or a page of it, is not shown. */
export class PdfProblem extends Error {
  /** @param {"broken" | "locked" | "late" | "fetched"} kind fetched: the library can't be loaded now */
  constructor(kind) {
    super(kind);
    this.kind = kind;
  }
}

/** @type {any} */
let policy;

export class PdfReader {
  /** @type {Worker | null} */
  #worker = null;
  /** @type {Promise<unknown>} */
  #before = Promise.resolve();
  #isEnded = false;
  #asked = 0;
  #bytes;

  /** @param {Blob} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  /** How many pages there are. Rejects with a PdfProblem. @returns {Promise<number>} */
  open() {
    return this.#inTurn(() => this.#start());
  }

  /** Draw a page, so many pixels wide at most. Rejects with a PdfProblem. @param {number} page @param {number} width @returns {Promise<Drawn>} */
  draw(page, width) {
    return this.#inTurn(async () => {
      if (!this.#worker) await this.#start();
      return this.#ask({ page, width }, LONGEST);
    });
  }

  /** Give up what is under way, and all that follows. */
  end() {
    this.#isEnded = true;
    this.#stop();
  }

  /** One question at a time. @template T @param {() => Promise<T>} act @returns {Promise<T>} */
  #inTurn(act) {
    const now = this.#before.then(() => (this.#isEnded ? new Promise(() => {}) : act()));
    this.#before = now.catch(() => undefined);
    return now;
  }

  /** @returns {Promise<number>} */
  async #start() {
    this.#worker = startWorker();
    await this.#ask(null, FETCHED);
    const bytes = await this.#bytes.arrayBuffer();
    const { pages } = await this.#ask({ bytes }, LONGEST, [bytes]);
    return pages;
  }

  #stop() {
    this.#worker?.terminate();
    this.#worker = null;
  }

  /** @param {object | null} message null: the answer comes by itself @param {number} limit @param {Transferable[]} [transfer] @returns {Promise<any>} */
  #ask(message, limit, transfer = []) {
    const worker = this.#worker;
    const id = message ? ++this.#asked : BEGUN;
    return new Promise((resolve, reject) => {
      if (!worker) return; // it was ended
      const fail = (/** @type {PdfProblem["kind"]} */ kind) => {
        clearTimeout(timer);
        if (kind !== "broken" || message === null) this.#stop();
        reject(new PdfProblem(kind));
      };
      const timer = setTimeout(() => fail(message === null ? "fetched" : "late"), limit);
      worker.onmessage = ({ data }) => {
        if (data.id !== id) return;
        if (data.problem) return fail(data.problem);
        clearTimeout(timer);
        resolve(data);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        fail(message === null ? "fetched" : "broken");
      };
      if (message) worker.postMessage({ id, ...message }, transfer);
    });
  }
}

/** Trusted Types require an address that a policy has made. @returns {Worker} */
function startWorker() {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  const address = new URL("pdf_worker.js", import.meta.url).href;
  const trusted = (policy ??= trustedTypes?.createPolicy("pdf", { createScriptURL: () => address }))?.createScriptURL("") ?? address;
  return new Worker(trusted, { type: "module" });
}
