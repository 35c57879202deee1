// Import and export: an archive of the server, or of a room, is made in the background and downloaded.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { isChatError } from "../../net/errors.js";
import { confirm } from "../controls/dialog.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { fileSize } from "../files/file_kinds.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";
import { useHasPassword } from "../shared/own_password.js";
import { dayAndTime } from "../shared/times.js";
import { readRooms } from "./listed_rooms.js";

/** @typedef {import("../../protocol").ArchiveState} ArchiveState */
/** @typedef {import("../../protocol").ArchiveLink} ArchiveLink */

/** Milliseconds from one look at the progress to the next. */
const LOOK = 1_000;

export function ArchivesPart() {
  return html`<${Export} />`;
}

function Export() {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const { found, set } = useTransfer(/** @returns {Promise<ArchiveState>} */ () => chat.call("GET", "/admin/archive"), isUnderWay);
  const isWorking = found ? isUnderWay(found) : false;
  const download = () =>
    act(async () => {
      const { path } = /** @type {ArchiveLink} */ (await chat.call("POST", "/admin/archive/link"));
      const link = document.createElement("a");
      link.href = path;
      link.download = "";
      link.click();
    });
  const remove = async () => {
    if (!(await confirm({ title: t("transfer.remove_export"), text: t("transfer.remove_export_text"), action: t("transfer.remove") }))) return;
    await act(async () => {
      await chat.call("DELETE", "/admin/archive");
      set(null);
    });
  };
  return html`<section class="settings-section transfer">
    <h3>${t("transfer.export")}</h3>
    <p class="soft">${t("transfer.export_hint")}</p>
    <div role="status">
      ${found?.state === "made" && html`<p>${t("transfer.made", { size: fileSize(found.size ?? 0) })} ${t("export.until", { time: dayAndTime(found.until ?? 0) })}</p>`}
    </div>
    ${found?.state === "failed" && html`<${FormError} text=${failureText(found)} />`}
    ${isWorking && found && html`<${Progress} of=${found} label=${t("transfer.export")} />`}
    ${
      found &&
      html`<div class="actions">
        ${found.state === "made" && html`<button type="button" class="button primary" disabled=${isBusy} onClick=${download}>${t("export.download")}</button>`}
        <button type="button" class="button" disabled=${isBusy} onClick=${remove}>${t(isWorking ? "transfer.stop" : "transfer.remove")}</button>
      </div>`
    }
    <${FormError} text=${error} />
    ${!isWorking && found !== undefined && html`<${NewExport} onBegun=${set} />`}
  </section>`;
}

/** @param {{ onBegun: (state: ArchiveState) => void }} props */
function NewExport({ onBegun }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const [room, setRoom] = useState("");
  const [hasFiles, setHasFiles] = useState(true);
  const rooms = useLoaded(() => readRooms(chat), []);
  const { proof, props } = useProof();
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void act(async () => onBegun(await chat.call("POST", "/admin/archive", { ...proof, files: hasFiles, ...(room && { room: Number(room) }) })));
  };
  return html`<form class="form" onSubmit=${submit}>
    <div class="field">
      <label for="export-room">${t("transfer.what")}</label>
      <select id="export-room" value=${room} onChange=${(/** @type {any} */ event) => setRoom(event.target.value)}>
        <option value="">${t("transfer.everything")}</option>
        ${rooms.value?.map(({ id, name }) => html`<option key=${id} value=${id}>${name}</option>`)}
      </select>
    </div>
    <label class="check"><input type="checkbox" checked=${hasFiles} onChange=${() => setHasFiles(!hasFiles)} /> <span>${t("transfer.files_too")}</span></label>
    <${Proof} ...${props} error=${field === "password" ? error : ""} />
    <${FormError} text=${rooms.error || (field === "password" ? "" : error)} />
    <div class="actions"><${Submit} label=${t("export.do")} isBusy=${isBusy} disabled=${!props.isReady} /></div>
  </form>`;
}

/** The fields of a request that prove who one is, and the properties of the field where one does. */
export function useProof() {
  const hasPassword = useHasPassword();
  const [password, setPassword] = useState("");
  return { proof: hasPassword ? { password } : {}, props: { hasPassword, password, onInput: setPassword, isReady: !hasPassword || Boolean(password) } };
}

/** @param {{ hasPassword: boolean, password: string, onInput: (text: string) => void, error: string }} props */
export function Proof({ hasPassword, password, onInput, error }) {
  const name = useSelected((state) => state.me?.name);
  return html`<input type="text" hidden readonly autocomplete="username" value=${name} />
    ${hasPassword && html`<${Field} label=${t("export.password")} type="password" value=${password} onInput=${onInput} autocomplete="current-password" required error=${error} />`}`;
}

/**
 * What `load` returns, again and again while it is `isLive`; null where there is none, undefined while nobody knows.
 * @template T
 * @param {() => Promise<T>} load
 * @param {(found: T) => boolean} isLive
 */
export function useTransfer(load, isLive) {
  const [found, setFound] = useState(/** @type {T | null | undefined} */ (undefined));
  const isMoving = found ? isLive(found) : false;
  useEffect(() => {
    let isGone = false;
    const look = async () => {
      try {
        const now = await load();
        if (!isGone) setFound(now);
      } catch (problem) {
        if (!isChatError(problem)) throw problem;
        if (!isGone && problem.code === "not_found") setFound(null); // else the server does not answer just now
      }
    };
    look();
    const timer = isMoving ? setInterval(look, LOOK) : undefined;
    return () => {
      isGone = true;
      clearInterval(timer);
    };
  }, [isMoving]);
  return { found, set: setFound };
}

/** @param {{ of: { stage?: string, done?: number, whole?: number }, label: string }} props */
export function Progress({ of: { stage, done = 0, whole = 0 }, label }) {
  const format = new Intl.NumberFormat(language());
  const shown = stage === "packing" ? fileSize : (/** @type {number} */ count) => format.format(count);
  const text = STAGES[stage ?? ""] ?? "transfer.waiting";
  return html`<p><progress max=${Math.max(whole, 1)} value=${stage && whole ? done : undefined} aria-label=${label} /></p>
    <p class="soft">${t(text, { done: shown(done), whole: shown(whole) })}</p>`;
}

/** @type {Record<string, "transfer.stage_log" | "transfer.stage_files" | "transfer.stage_packing">} */
const STAGES = { log: "transfer.stage_log", files: "transfer.stage_files", packing: "transfer.stage_packing" };

/** @param {{ failure?: string, problem?: string }} failed */
export function failureText({ failure, problem = "" }) {
  if (failure === "no_space") return t("transfer.no_space");
  if (failure === "bad") return problem;
  return t(failure === "disk" ? "transfer.disk" : "transfer.stopped", { problem });
}

/** @param {ArchiveState} state */
function isUnderWay({ state }) {
  return state === "waiting" || state === "making";
}
