// Import and export: an archive of the server, a room or a person is made in the background and downloaded. Imports are in imports.js.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { confirm } from "../controls/dialog.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { fileSize } from "../files/file_kinds.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";
import { dayAndTime } from "../shared/times.js";
import { Import } from "./imports.js";
import { readRooms } from "./listed_rooms.js";
import { idOf, targetText } from "./named_target.js";
import { failureText, Progress, Proof, useProof, useTransfer } from "./transfer_parts.js";

/** @typedef {import("../../protocol").ArchiveState} ArchiveState */
/** @typedef {import("../../protocol").ArchiveLink} ArchiveLink */

const KINDS = /** @type {const} */ (["server", "room", "person"]);

export function ArchivesPart() {
  return html`<${Export} /><${Import} />`;
}

function Export() {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const { found, set, problem } = useTransfer(/** @returns {Promise<ArchiveState>} */ () => chat.call("GET", "/admin/archive"), isUnderWay);
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
    ${found && html`<p><b>${targetText(ofExport(found))}</b></p>`}
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
    <${FormError} text=${error || problem} />
    ${!isWorking && found !== undefined && html`<${NewExport} onBegun=${set} />`}
  </section>`;
}

/** @param {{ onBegun: (state: ArchiveState) => void }} props */
function NewExport({ onBegun }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const [kind, setKind] = useState(/** @type {(typeof KINDS)[number]} */ ("server"));
  const [room, setRoom] = useState("");
  const [name, setName] = useState("");
  const [missing, setMissing] = useState("");
  const [hasFiles, setHasFiles] = useState(true);
  const rooms = useLoaded(() => readRooms(chat), []);
  const { proof, props } = useProof();
  const isChosen = kind === "server" || Boolean(kind === "room" ? room : name.trim());
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    setMissing("");
    void act(async () => {
      const person = kind === "person" ? await idOf(chat, "person", name.trim()) : undefined;
      if (person === null) return setMissing(t("retention.no_person", { name: name.trim() }));
      const of = { ...(kind === "room" && { room: Number(room) }), ...(person && { person }) };
      onBegun(await chat.call("POST", "/admin/archive", { ...proof, files: hasFiles, ...of }));
    });
  };
  return html`<form class="form" onSubmit=${submit}>
    <fieldset class="choices">
      <legend>${t("transfer.what")}</legend>
      ${KINDS.map(
        (each) => html`<label key=${each}>
          <input type="radio" name="export" checked=${each === kind} onChange=${() => setKind(each)} /> ${t(`retention.kind_${each}`)}
        </label>`,
      )}
    </fieldset>
    ${
      kind === "room" &&
      html`<div class="field">
        <label for="export-room">${t("retention.kind_room")}</label>
        <select id="export-room" value=${room} required onChange=${(/** @type {any} */ event) => setRoom(event.target.value)}>
          <option value="" disabled>${t("transfer.choose_room")}</option>
          ${rooms.value?.map(({ id, name }) => html`<option key=${id} value=${id}>${name}</option>`)}
        </select>
      </div>`
    }
    ${kind === "person" && html`<${Field} label=${t("transfer.person")} hint=${t("transfer.person_hint")} error=${missing} value=${name} onInput=${setName} maxlength="64" required />`}
    <label class="check"><input type="checkbox" checked=${hasFiles} onChange=${() => setHasFiles(!hasFiles)} /> <span>${t("transfer.files_too")}</span></label>
    <${Proof} ...${props} error=${field === "password" ? error : ""} />
    <${FormError} text=${rooms.error || (field === "password" ? "" : error)} />
    <div class="actions"><${Submit} label=${t("export.do")} isBusy=${isBusy} disabled=${!props.isReady || !isChosen} /></div>
  </form>`;
}

/** @param {ArchiveState} state */
function ofExport({ room, person, name }) {
  const kind = /** @type {(typeof KINDS)[number]} */ (room ? "room" : person ? "person" : "server");
  return { kind, name, target: room ?? person };
}

/** @param {ArchiveState} state */
function isUnderWay({ state }) {
  return state === "waiting" || state === "making";
}
