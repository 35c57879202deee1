// What administrators did, the newest first.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { avatar } from "../avatar.js";
import { useChat, useSelected } from "../context.js";
import { More } from "../fields.js";
import { icon } from "../icon.js";
import { usePages } from "../loading.js";
import { roomName } from "../names.js";
import { dayAndTime } from "../times.js";

/** @typedef {import("../../protocol").Act} Act */
/** @typedef {import("../../protocol").Acts} Acts */

const KNOWN = new Set([
  "person_added", "person_deleted", "renamed", "roles_changed", "password_set", "disabled", "enabled",
  "sessions_ended", "setting_changed", "message_deleted", "room_deleted", "room_renamed", "room_archived", "room_unarchived",
  "banned", "unbanned",
]);

export function AuditPart() {
  const chat = useChat();
  const pages = usePages(async (after) => {
    /** @type {Acts} */
    const { entries, next } = await chat.call("GET", `/admin/audit?limit=50${after ? `&after=${after}` : ""}`);
    return { items: entries, next };
  }, []);
  const acts = pages.items ?? [];
  return html`<p class="soft">${t("admin.audit_hint")}</p>
    <ol class="list audit">
      ${acts.map(
        (act) => html`<li key=${act.id} class="row">
          ${act.by ? avatar(act.by, { size: "small" }) : html`<span class="audit-command" aria-hidden="true">${icon("settings")}</span>`}
          <div class="row-text">
            <p dir="auto"><${Sentence} act=${act} /></p>
            <p class="soft small"><time datetime=${new Date(act.at).toISOString()}>${dayAndTime(act.at)}</time></p>
          </div>
        </li>`,
      )}
    </ol>
    ${pages.items?.length === 0 && html`<p class="settings-none">${t("admin.audit_none")}</p>`}
    <${More} pages=${pages} />`;
}

/** @param {{ act: Act }} props */
function Sentence({ act }) {
  const room = useSelected((state) => (act.room ? state.rooms.get(act.room)?.info : undefined));
  const fields = {
    by: act.by?.name ?? t("admin.a_command"),
    person: act.person?.name ?? t("admin.somebody"),
    room: room ? roomName(room) : t("admin.room_number", { id: act.room ?? 0 }),
    detail: (act.detail ?? "").replace(" -> ", " → "),
  };
  if (!KNOWN.has(act.what)) return `${fields.by}: ${act.what} ${act.person?.name ?? ""} ${fields.detail}`;
  return t(/** @type {any} */ (`audit.${act.what}`), fields);
}
