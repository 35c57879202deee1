// Administration: people, who may register, limits, the widget, and what administrators did.

import { html } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { AuditPart } from "./admin/audit.js";
import { LimitsPart } from "./admin/limits.js";
import { PeoplePart } from "./admin/people.js";
import { RegistrationPart } from "./admin/registration.js";
import { useSettings } from "./admin/settings.js";
import { WidgetPart } from "./admin/widget.js";
import { useSelected } from "./context.js";
import { icon } from "./icon.js";

/** @typedef {{ name: "people" | "registration" | "limits" | "widget" | "audit", icon: import("./icon.js").IconName }} Part */

/** @type {Part[]} */
const PARTS = [
  { name: "people", icon: "people" },
  { name: "registration", icon: "door" },
  { name: "limits", icon: "clock" },
  { name: "widget", icon: "support" },
  { name: "audit", icon: "shield" },
];

/** @param {{ part?: string }} props */
export function Admin({ part = "people" }) {
  const isAdmin = useSelected((state) => state.me?.roles?.includes("admin") ?? false);
  if (!isAdmin) {
    return html`<div class="empty"><h1>${t("admin.title")}</h1><p>${t("admin.admins_only")}</p></div>`;
  }
  return html`<${Parts} part=${part} />`;
}

/** @param {{ part: string }} props */
function Parts({ part }) {
  const settings = useSettings();
  const hasWidget = settings.found === null || "widget_origins" in settings.found;
  const parts = PARTS.filter(({ name }) => name !== "widget" || hasWidget);
  const shown = parts.find(({ name }) => name === part) ?? parts[0];
  return html`<div class="admin">
    <nav class="admin-nav" aria-label=${t("admin.title")}>
      <h1>${t("admin.title")}</h1>
      <ul class="list">
        ${parts.map(
          ({ name, icon: picture }) => html`<li key=${name}>
            <a class="row" href=${`/admin/${name}`} aria-current=${name === shown.name ? "page" : undefined}>
              ${icon(picture)} <span>${t(`admin.part_${name}`)}</span>
            </a>
          </li>`,
        )}
        <li><a class="row" href="/admin/tree" target="_blank">${icon("eye")} <span>${t("admin.tree")}</span></a></li>
      </ul>
    </nav>
    <div class="admin-part" key=${shown.name}>
      <h2>${t(`admin.part_${shown.name}`)}</h2>
      ${shown.name === "people" && html`<${PeoplePart} />`}
      ${shown.name === "registration" && html`<${RegistrationPart} settings=${settings} />`}
      ${shown.name === "limits" && html`<${LimitsPart} settings=${settings} />`}
      ${shown.name === "widget" && html`<${WidgetPart} settings=${settings} />`}
      ${shown.name === "audit" && html`<${AuditPart} />`}
    </div>
  </div>`;
}
