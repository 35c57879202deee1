// The administration: people, rooms, registration, limits, retention, widget, visitors, hooks, bots, teams, server, mail, backups, import and export, and audit, one part at a time.

import { html } from "../../vendor/preact.js";
import { BOT } from "../../features/bots/icon.js";
import { t } from "../../i18n/index.js";
import { ArchivesPart } from "./archives.js";
import { AuditPart } from "./audit.js";
import { BackupsPart } from "./backups.js";
import { BansPart } from "./bans.js";
import { BotsPart } from "./bots.js";
import { HooksPart } from "./hooks.js";
import { LimitsPart } from "./limits.js";
import { MailPart } from "./mail.js";
import { PeoplePart } from "./people.js";
import { RetentionPart } from "./retention.js";
import { RoomsPart } from "./rooms.js";
import { RegistrationPart } from "./registration.js";
import { ReviewWordsPart } from "./review_words.js";
import { ServerPart } from "./server.js";
import { useSettings } from "./settings.js";
import { TeamsPart } from "./teams.js";
import { VisitorsPart } from "./visitors.js";
import { WidgetPart } from "./widget.js";
import { FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { PHONE, useMedia } from "../shared/media.js";
import { useTitle } from "../shared/title.js";

/** @typedef {import("./settings.js").Changing} Changing */

const PARTS = /** @type {const} */ ({
  people: { picture: "people", view: PeoplePart, has: null },
  rooms: { picture: "hash", view: RoomsPart, has: null },
  registration: { picture: "door", view: RegistrationPart, has: "registration" },
  limits: { picture: "clock", view: LimitsPart, has: "message_rate" },
  bans: { picture: "block", view: BansPart, has: null },
  words: { picture: "eye", view: ReviewWordsPart, has: null },
  retention: { picture: "trash", view: RetentionPart, has: "message_days" },
  widget: { picture: "support", view: WidgetPart, has: "widget_origins" },
  visitors: { picture: "person", view: VisitorsPart, has: "support_hours" },
  hooks: { picture: "link", view: HooksPart, has: null },
  bots: { picture: BOT, view: BotsPart, has: null },
  teams: { picture: "people", view: TeamsPart, has: "support_hours" },
  server: { picture: "settings", view: ServerPart, has: "server_name" },
  mail: { picture: "mail", view: MailPart, has: null },
  backups: { picture: "archive", view: BackupsPart, has: null },
  archives: { picture: "download", view: ArchivesPart, has: null },
  audit: { picture: "shield", view: AuditPart, has: null },
});

/** @typedef {keyof typeof PARTS} Part */

/** @param {{ part?: string }} props */
export function Admin({ part }) {
  const isPhone = useMedia(PHONE);
  const settings = useSettings();
  const chosen = part && Object.hasOwn(PARTS, part) ? /** @type {Part} */ (part) : isPhone ? null : "people";
  useTitle(chosen ? t(`admin.part_${chosen}`) : t("admin.title"));
  return html`<main class="place-body settings admin">
    <header class="place-head">
      <a class="icon-button place-back" href=${chosen ? "/admin" : "/"} aria-label=${t("common.back")}>${icon("back")}</a>
      <h1>${isPhone && chosen ? t(`admin.part_${chosen}`) : t("admin.title")}</h1>
    </header>
    <div class="settings-parts">
      ${(!isPhone || !chosen) && html`<${Parts} chosen=${chosen} settings=${settings} />`}
      ${chosen &&
      html`<div class="settings-part" key=${chosen}>
        ${!isPhone && html`<h2>${t(`admin.part_${chosen}`)}</h2>`}
        <${Chosen} part=${chosen} settings=${settings} />
      </div>`}
    </div>
  </main>`;
}

/** The chosen part; it waits until the settings are loaded. @param {{ part: Part, settings: Changing }} props */
function Chosen({ part, settings }) {
  const { view, has } = PARTS[part];
  const isThere = has === null || settings.found?.[has] !== undefined;
  if (isThere) return html`<${view} settings=${settings} />`;
  if (settings.found) return html`<p class="soft">${t("admin.not_here")}</p>`;
  if (settings.error) return html`<${FormError} text=${settings.error} />`;
  return html`<span class="spinner" role="status" aria-label=${t("common.loading")}></span>`;
}

/** @param {{ chosen: Part | null, settings: Changing }} props */
function Parts({ chosen, settings }) {
  const names = /** @type {Part[]} */ (Object.keys(PARTS)).filter((name) => {
    const { has } = PARTS[name];
    return has === null || !settings.found || settings.found[has] !== undefined;
  });
  return html`<nav class="settings-nav" aria-label=${t("admin.title")}>
    <ul class="list">
      ${names.map(
        (name) => html`<li key=${name}>
          <a class="row" href=${`/admin/${name}`} aria-current=${name === chosen ? "page" : undefined}>
            ${icon(PARTS[name].picture)} <span class="row-text">${t(`admin.part_${name}`)}</span>
            <span class="settings-go">${icon("chevron_right", { size: 16 })}</span>
          </a>
        </li>`,
      )}
    </ul>
  </nav>`;
}
