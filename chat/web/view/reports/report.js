// A reported message: its quote, who reported it and why, and what a moderator does about it, or did.

import { html, useState } from "../../vendor/preact.js";
import { FLAG } from "../../features/reports/changes.js";
import { reasonText } from "../../features/reports/reasons.js";
import { t, tn } from "../../i18n/index.js";
import { FileName } from "../files/file_name.js";
import { avatar } from "../controls/avatar.js";
import { Dialog } from "../controls/dialog.js";
import { FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { personName, roomName } from "../shared/names.js";
import { dayAndTime, messageTime } from "../shared/times.js";

/** @typedef {import("../../protocol").ReportedMessage} ReportedMessage */
/** @typedef {"delete" | "ban" | "disable"} Deed */

const DEEDS = /** @type {const} */ (["delete", "ban", "disable"]);

/** @param {{ reported: ReportedMessage, onHandled: (id: number) => void }} props */
export function Report({ reported, onHandled }) {
  const author = useSelected((state) => state.people.get(reported.author.id)) ?? reported.author;
  const { text = "", files = [], count, reports, handled } = reported;
  const name = personName(author);
  return html`<li class="report" aria-label=${t("reports.one", { name })}>
    <header class="report-head">
      ${avatar({ ...author })}
      <div class="report-about">
        <bdi class="report-name">${name}</bdi>
        <p class="report-place">
          <bdi class="tag">${placeName(reported)}</bdi>
          <${When} at=${reported.at} />
        </p>
      </div>
      ${reported.readable && html`<a class="button quiet small" href=${`/room/${reported.room}/${reported.seq}`}>${t("reports.open_message")}</a>`}
    </header>
    <blockquote class="report-quote" dir="auto" tabindex="0" aria-label=${t("reports.one", { name })}>${text}${files.map(
      (file, i) => html`<span class="report-file" key=${i}>${icon("file", { size: 16 })} <${FileName} name=${file} /></span>`,
    )}</blockquote>
    ${reported.deleted && !handled && html`<p class="soft small">${t("reports.is_deleted")}</p>`}
    <ul class="report-why">
      ${reports.map((report) => html`<${Why} key=${report.by.id} report=${report} />`)}
      ${count > reports.length && html`<li class="soft">${icon(FLAG, { size: 18 })} <span>${tn("reports.more_n", count - reports.length)}</span></li>`}
    </ul>
    ${handled ? html`<${Outcome} handled=${handled} />` : html`<${Actions} reported=${reported} name=${name} onHandled=${onHandled} />`}
  </li>`;
}

/** @param {{ at: number }} props */
function When({ at }) {
  return html`<time datetime=${new Date(at).toISOString()} title=${dayAndTime(at)}>${messageTime(at)}</time>`;
}

/** The room as this moderator may know it. @param {ReportedMessage} reported */
function placeName({ kind, name, room }) {
  if (!kind) return t("reports.kind_gone");
  if (kind === "direct" || kind === "support" || (kind === "room" && !name)) return t(`reports.kind_${kind}`);
  return roomName(/** @type {import("../../model/types").RoomInfo} */ ({ id: room, kind, name }));
}

/** @param {{ report: import("../../protocol").Report }} props */
function Why({ report: { by, at, reason, comment, text } }) {
  const person = useSelected((state) => state.people.get(by.id)) ?? by;
  return html`<li>
    ${icon(FLAG, { size: 18 })}
    <span class="report-reason">${reasonText(reason)}</span>
    ${comment && html`<p class="report-comment" dir="auto">${comment}</p>`}
    ${text !== undefined && html`<p class="soft small" dir="auto">${t("reports.text_then", { text })}</p>`}
    <span class="soft small"><bdi>${personName(person)}</bdi>, <${When} at=${at} /></span>
  </li>`;
}

/** @param {{ handled: import("../../protocol").HandledReport }} props */
function Outcome({ handled: { at, by, done = [] } }) {
  const known = useSelected((state) => (by ? state.people.get(by.id) : undefined)) ?? by;
  const name = known ? personName(known) : t("reports.somebody");
  const deeds = done.map((deed) => t(`reports.did_${deed}`)).join(" · ");
  return html`<p class="report-done">
    ${icon("check", { size: 18 })}
    <span>${deeds ? t("reports.done_by", { deeds, name }) : t("reports.done_dismissed", { name })}, <${When} at=${at} /></span>
  </p>`;
}

/** @param {{ reported: ReportedMessage, name: string, onHandled: (id: number) => void }} props */
function Actions({ reported, name, onHandled }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [asked, ask] = useState(/** @type {Deed | null} */ (null));
  const { id, may = [], readable, kind, name: room } = reported;
  const canJoin = !readable && kind === "room" && Boolean(room);
  const handle = async (/** @type {Partial<Record<Deed, boolean>>} */ deeds) => {
    ask(null);
    if (await act(() => chat.call("PUT", `/reports/${id}`, deeds))) onHandled(id);
  };
  return html`
    ${!readable && kind && html`<p class="soft small">${t(canJoin ? "reports.join" : "reports.unreadable")}</p>`}
    <${FormError} text=${error} />
    <div class="actions">
      ${canJoin && html`<a class="button small" href=${`/room/${reported.room}`}>${t("reports.open_room")}</a>`}
      ${DEEDS.filter((deed) => may.includes(deed)).map(
        (deed) => html`<button key=${deed} type="button" class="button small danger" disabled=${isBusy} onClick=${() => ask(deed)}>${t(`reports.${deed}`)}</button>`,
      )}
      <button type="button" class="button small" disabled=${isBusy} onClick=${() => handle({})}>${t("reports.dismiss")}</button>
    </div>
    ${asked && html`<${Question} deed=${asked} canDelete=${may.includes("delete")} names=${{ name, room: placeName(reported) }} onClose=${() => ask(null)} onYes=${handle} />`}
  `;
}

/**
 * @param {{
 *   deed: Deed, canDelete: boolean, names: { name: string, room: string }, onClose: () => void,
 *   onYes: (deeds: Partial<Record<Deed, boolean>>) => void,
 * }} props
 */
function Question({ deed, canDelete, names, onClose, onYes }) {
  const [isDeleting, setDeleting] = useState(canDelete);
  return html`<${Dialog} title=${t(`reports.${deed}_title`, names)} class="confirmation" onClose=${onClose}>
    <p>${t(`reports.${deed}_text`)}</p>
    ${deed !== "delete" &&
    canDelete &&
    html`<label class="check">
      <input type="checkbox" checked=${isDeleting} onChange=${() => setDeleting(!isDeleting)} />
      <span>${t("reports.also_delete")}</span>
    </label>`}
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${onClose}>${t("common.cancel")}</button>
      <button type="button" class="button danger" onClick=${() => onYes({ [deed]: true, ...(isDeleting && { delete: true }) })}>${t(`reports.${deed}`)}</button>
    </div>
  <//>`;
}
