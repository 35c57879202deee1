// Importing: a file is uploaded in pieces, checked in the background, and imported once an admin has seen what would come.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { isChatError } from "../../net/errors.js";
import { confirm } from "../controls/dialog.js";
import { FormError, Submit } from "../controls/fields.js";
import { fileSize } from "../files/file_kinds.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { dayAndTime } from "../shared/times.js";
import { lostText } from "./lost_things.js";
import { failureText, Progress, Proof, useProof, useTransfer } from "./transfer_parts.js";

/** @typedef {import("../../protocol").ImportState} ImportState */
/** @typedef {import("../../protocol").ImportFound} ImportFound */

/** Names of the chats whose exports are read; "archive" is this one. */
const CHATS = { slack: "Slack", mattermost: "Mattermost", rocketchat: "Rocket.Chat", zulip: "Zulip", discord: "Discord" };

const PIECE = 4 * 2 ** 20;
const SMALLEST_PIECE = 2 ** 18;

/** Milliseconds until a piece is sent again. */
const AGAIN = 2_000;

const ROWS = /** @type {const} */ (["people", "rooms", "messages", "files"]);

export function Import() {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const { found, set, problem } = useTransfer(/** @returns {Promise<ImportState>} */ () => chat.call("GET", "/admin/import"), isWorking);
  const upload = useUpload(set);
  const call = (/** @type {string} */ what) => act(async () => set(/** @type {ImportState} */ (await chat.call("POST", `/admin/import/${what}`))));
  const remove = async () => {
    const isOver = found?.state === "done"; // there is no file any more
    if (!isOver && !(await confirm({ title: t("transfer.remove_import"), text: t("transfer.remove_import_text"), action: t("transfer.remove") }))) return;
    upload.stop();
    await act(async () => {
      await chat.call("DELETE", "/admin/import");
      set(null);
    });
  };
  if (found === undefined) return html`<${FormError} text=${problem} />`;
  return html`<section class="settings-section transfer">
    <h3>${t("transfer.import")}</h3>
    <p class="soft">${t("transfer.import_hint")}</p>
    ${
      found === null
        ? html`<${NewImport} onBegun=${(/** @type {ImportState} */ state, /** @type {File} */ file) => {
            set(state);
            upload.start(file, state);
          }} />`
        : html`<p><b dir="auto">${found.name}</b> <span class="soft">${sourceName(found.source)} · ${fileSize(found.size)}</span></p>
            <div role="status">${found.state === "ready" && html`<p>${t("transfer.ready")}</p>`}${found.state === "done" && html`<p>${t("transfer.done")}</p>`}</div>
            ${found.state === "uploading" && html`<${Upload} state=${found} upload=${upload} />`}
            ${isWorking(found) && html`<${Progress} of=${found} label=${t("transfer.import")} />`}
            ${found.state === "failed" && html`<${FormError} text=${failureText(found)} />`}
            ${found.found && html`<${Found} found=${found.found} />`}
            ${found.until !== undefined && found.state !== "done" && html`<p class="soft">${t("transfer.kept_until", { time: dayAndTime(found.until) })}</p>`}
            <div class="actions">
              ${found.state === "ready" && html`<button type="button" class="button primary" disabled=${isBusy} onClick=${() => call("start")}>${t("transfer.start")}</button>`}
              ${found.state === "failed" && html`<button type="button" class="button primary" disabled=${isBusy} onClick=${() => call("start")}>${t("transfer.go_on")}</button>`}
              ${isWorking(found) && html`<button type="button" class="button" disabled=${isBusy} onClick=${() => call("stop")}>${t("transfer.stop")}</button>`}
              <button type="button" class="button" disabled=${isBusy} onClick=${remove}>${t(found.state === "done" ? "transfer.another" : "transfer.remove")}</button>
            </div>`
    }
    <${FormError} text=${error} />
  </section>`;
}

/** @param {{ onBegun: (state: ImportState, file: File) => void }} props */
function NewImport({ onBegun }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const [source, setSource] = useState("archive");
  const [file, setFile] = useState(/** @type {File | null} */ (null));
  const { proof, props } = useProof();
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (file) void act(async () => onBegun(await chat.call("POST", "/admin/import", { ...proof, source, name: file.name, size: file.size }), file));
  };
  return html`<form class="form" onSubmit=${submit}>
    <div class="field">
      <label for="import-source">${t("transfer.source")}</label>
      <select id="import-source" value=${source} onChange=${(/** @type {any} */ event) => setSource(event.target.value)}>
        <option value="archive">${t("transfer.source_archive")}</option>
        ${Object.entries(CHATS).map(([name, label]) => html`<option key=${name} value=${name}>${label}</option>`)}
      </select>
    </div>
    <div class="field">
      <label for="import-file">${t("transfer.file")}</label>
      <input id="import-file" type="file" required onChange=${(/** @type {any} */ event) => setFile(event.target.files[0] ?? null)} />
    </div>
    <${Proof} ...${props} error=${field === "password" ? error : ""} />
    <${FormError} text=${field === "password" ? "" : error} />
    <div class="actions"><${Submit} label=${t("transfer.upload")} isBusy=${isBusy} disabled=${!file?.size || !props.isReady} /></div>
  </form>`;
}

/** @param {{ state: ImportState, upload: Uploading }} props */
function Upload({ state, upload }) {
  const [isOther, setOther] = useState(false);
  const received = fileSize(state.received);
  const size = fileSize(state.size);
  const choose = (/** @type {any} */ event) => {
    const file = /** @type {File} */ (event.target.files[0]);
    const isSame = file?.name === state.name && file.size === state.size;
    setOther(!isSame);
    if (isSame) upload.start(file, state);
  };
  return html`<p><progress max=${state.size} value=${state.received} aria-label=${t("transfer.upload")} /></p>
    <p class="soft">${t("transfer.uploaded", { done: received, whole: size })}</p>
    <${FormError} text=${upload.error} />
    ${
      !upload.isRunning &&
      html`<div class="field">
        <label for="import-again">${t("transfer.choose_again")}</label>
        <input id="import-again" type="file" onChange=${choose} />
        ${isOther && html`<p class="field-error" role="alert">${t("transfer.other_file", { name: state.name, size })}</p>`}
      </div>`
    }`;
}

/** @param {{ found: ImportFound }} props */
function Found({ found: { source, inside, before, here, lost } }) {
  const number = new Intl.NumberFormat(language());
  const shown = (/** @type {number | undefined} */ count) => number.format(count ?? 0);
  return html`<p class="soft">${t("transfer.of", { source })}</p>
    <table class="transfer-found">
      <thead><tr><td></td><th scope="col">${t("transfer.inside")}</th><th scope="col">${t("transfer.before")}</th>${here && html`<th scope="col">${t("transfer.here")}</th>`}</tr></thead>
      <tbody>
        ${ROWS.map(
          (row) => html`<tr key=${row}>
            <th scope="row">${t(`transfer.${row}`)}</th>
            <td>${shown(inside[row])}</td><td>${row === "people" ? "" : shown(before[row])}</td>${here && html`<td>${shown(here[row])}</td>`}
          </tr>`,
        )}
      </tbody>
    </table>
    ${
      lost.length > 0 &&
      html`<h4>${t("transfer.lost")}</h4>
        <ul class="transfer-lost">${lost.map(({ what, count }) => html`<li key=${what}><b>${shown(count)}</b> ${lostText(what)}</li>`)}</ul>`
    }`;
}

/**
 * Sends a file piece by piece, from the byte that the server asks for; a piece that is not answered is sent again.
 * @typedef {{ start: (file: File, from: ImportState) => void, stop: () => void, isRunning: boolean, error: string }} Uploading
 * @param {(state: ImportState) => void} onState @returns {Uploading}
 */
function useUpload(onState) {
  const chat = useChat();
  const [state, setState] = useState({ isRunning: false, error: "" });
  const running = useRef(0);
  useEffect(() => () => void (running.current += 1), []);

  const send = async (/** @type {File} */ file, /** @type {ImportState} */ from, /** @type {number} */ mine) => {
    let now = from;
    let length = PIECE;
    while (running.current === mine && now.state === "uploading") {
      const at = now.received;
      try {
        now = await chat.call("PUT", `/admin/import/bytes?at=${at}`, file.slice(at, at + length));
        length = Math.min(PIECE, length * 2);
      } catch (problem) {
        if (!isChatError(problem)) throw problem;
        if (running.current !== mine) return;
        const { code, retryMs, message } = /** @type {import("../../model/types").ChatError} */ (problem);
        if (code === "offline" || code === "unavailable" || code === "too_many" || code === "unauthenticated") {
          length = Math.max(SMALLEST_PIECE, length / 2);
          await new Promise((resolve) => setTimeout(resolve, retryMs ?? AGAIN));
          continue;
        }
        if (code !== "conflict") return setState({ isRunning: false, error: message });
        now = await chat.call("GET", "/admin/import"); // an answer was lost: it goes on elsewhere
      }
      if (running.current === mine) onState(now);
    }
    if (running.current === mine) setState({ isRunning: false, error: "" });
  };
  return {
    ...state,
    start(file, from) {
      setState({ isRunning: true, error: "" });
      void send(file, from, ++running.current).catch(() => setState({ isRunning: false, error: t("transfer.unreadable") }));
    },
    stop() {
      running.current += 1;
      setState({ isRunning: false, error: "" });
    },
  };
}

/** @param {string} source */
function sourceName(source) {
  return source in CHATS ? CHATS[/** @type {keyof typeof CHATS} */ (source)] : t("transfer.source_archive");
}

/** @param {ImportState} state */
function isWorking({ state }) {
  return state === "waiting" || state === "checking" || state === "importing";
}
