// The audit log, the newest first, filtered by person and kind.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { avatar } from "../controls/avatar.js";
import { useChat } from "../shared/context.js";
import { MoreButton } from "../controls/fields.js";
import { FindPerson } from "../room/find_person.js";
import { icon } from "../controls/icon.js";
import { usePages } from "../shared/loading.js";
import { personName } from "../shared/names.js";
import { dayAndTime } from "../shared/times.js";
import { Sentence } from "./audit_sentence.js";

/** @typedef {import("../../protocol").Acts} Acts */
/** @typedef {import("../../model/types").Person} Person */

/** Groups of acts, for the filter. */
const KINDS = /** @type {const} */ ({
  accounts: ["person_added", "person_deleted", "renamed", "picture_removed", "roles_changed", "roles_by_provider", "disabled", "enabled"],
  logins: ["login_failed", "password_set", "reset_made", "password_reset", "passkey_added", "passkey_removed", "identity_linked", "identity_unlinked", "sessions_ended"],
  invitations: ["invite_made", "invite_used", "invite_withdrawn"],
  settings: ["setting_changed"],
  rooms: ["room_deleted", "room_renamed", "room_archived", "room_unarchived", "message_deleted", "report_handled", "slow_mode_set", "banned", "unbanned"],
});

/** @typedef {keyof typeof KINDS} Kind */

export function AuditPart() {
  const chat = useChat();
  const [kind, setKind] = useState(/** @type {Kind | ""} */ (""));
  const [person, setPerson] = useState(/** @type {Person | null} */ (null));
  const pages = usePages(
    async (after) => {
      const query = new URLSearchParams({
        limit: "50",
        ...(after && { after: String(after) }),
        ...(person && { person: String(person.id) }),
        ...(kind && { what: KINDS[kind].join() }),
      });
      /** @type {Acts} */
      const { entries, next } = await chat.call("GET", `/admin/audit?${query}`);
      return { items: entries, next };
    },
    [kind, person?.id],
  );
  return html`<p class="soft">${t("admin.audit_hint")}</p>
    <${Filter} ...${{ kind, setKind, person, setPerson }} />
    <ol class="list audit" aria-busy=${!pages.items}>
      ${pages.items?.map(
        (act) => html`<li key=${act.id} class="row">
          ${act.by ? avatar(act.by, { size: "small" }) : html`<span class="audit-command" aria-hidden="true">${icon(act.what === "login_failed" ? "warning" : "settings")}</span>`}
          <div class="row-text">
            <p dir="auto"><${Sentence} act=${act} /></p>
            <p class="soft small"><time datetime=${new Date(act.at).toISOString()}>${dayAndTime(act.at)}</time></p>
          </div>
        </li>`,
      )}
    </ol>
    ${!pages.items && !pages.error && html`<span class="spinner" role="status" aria-label=${t("common.loading")}></span>`}
    ${pages.items?.length === 0 && html`<p class="settings-none">${t(kind || person ? "admin.audit_none_found" : "admin.audit_none")}</p>`}
    <${MoreButton} pages=${pages} />`;
}

/** @param {{ kind: Kind | "", setKind: (kind: Kind | "") => void, person: Person | null, setPerson: (person: Person | null) => void }} props */
function Filter({ kind, setKind, person, setPerson }) {
  const [isAsking, setAsking] = useState(false);
  return html`<div class="actions audit-filter">
    <select aria-label=${t("admin.audit_kind")} value=${kind} onChange=${(/** @type {any} */ event) => setKind(event.target.value)}>
      ${["", ...Object.keys(KINDS)].map((one) => html`<option key=${one} value=${one} selected=${one === kind}>${t(/** @type {any} */ (`admin.audit_kind_${one || "all"}`))}</option>`)}
    </select>
    <button type="button" class="button small" onClick=${() => setAsking(true)}>
      ${icon("person", { size: 16 })} ${person ? html`<bdi>${personName(person)}</bdi>` : t("admin.audit_person")}
    </button>
    ${person && html`<button type="button" class="button quiet small" onClick=${() => setPerson(null)}>${t("admin.audit_everyone")}</button>`}
    ${isAsking &&
    html`<${FindPerson} title=${t("admin.audit_of")} onClose=${() => setAsking(false)} onPick=${async (/** @type {Person} */ found) => setPerson(found)} />`}
  </div>`;
}
