// The settings, one part at a time.

import { html } from "../../vendor/preact.js";
import { parts } from "../../features/registry.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { PHONE, useMedia } from "../shared/media.js";
import { About } from "./about.js";
import { Appearance } from "./appearance.js";
import { KeysPart } from "./keys.js";
import { Notifications } from "./notifications.js";
import { Profile } from "./profile.js";
import { Security } from "./security.js";
import { Tokens } from "./tokens.js";
import { useTitle } from "../shared/title.js";

/** @typedef {import("../../features/feature").SettingsPart} Part */

/** @type {readonly Part[]} */
const PARTS = [
  { name: "profile", title: "settings.profile", icon: "person", View: Profile },
  { name: "security", title: "settings.security", icon: "shield", View: Security },
  { name: "notifications", title: "settings.notifications", icon: "bell", View: Notifications },
  { name: "appearance", title: "settings.appearance", icon: "moon", View: Appearance },
  ...parts("settings").flat(),
  { name: "tokens", title: "settings.tokens", icon: "lock", View: Tokens },
  { name: "keys", title: "settings.keys", icon: "help", View: KeysPart },
  { name: "about", title: "settings.about", icon: "info", View: About },
];

/**
 * @param {{ part?: string }} props
 */
export function Settings({ part }) {
  const isPhone = useMedia(PHONE);
  const me = useSelected((state) => state.me);
  const all = PARTS.filter(({ isFor }) => !isFor || (me && isFor(me)));
  const chosen = all.find(({ name }) => name === part) ?? (isPhone ? null : all[0]);
  useTitle(t(chosen?.title ?? "settings.title"));
  if (!me) return null;
  return html`<main class="place-body settings">
    <header class="place-head">
      <a class="icon-button place-back" href=${chosen ? "/settings" : "/"} aria-label=${t("common.back")}>${icon("back")}</a>
      <h1>${t((isPhone && chosen?.title) || "settings.title")}</h1>
    </header>
    <div class="settings-parts">
      ${(!isPhone || !chosen) && html`<${Parts} all=${all} chosen=${chosen} />`}
      ${chosen &&
      html`<div class="settings-part" key=${chosen.name}>
        ${!isPhone && html`<h2>${t(chosen.title)}</h2>`}
        <${chosen.View} />
      </div>`}
    </div>
  </main>`;
}

/** @param {{ all: Part[], chosen: Part | null }} props */
function Parts({ all, chosen }) {
  const features = useSelected((state) => state.server.features);
  return html`<nav class="settings-nav" aria-label=${t("settings.title")}>
    <ul class="list">
      ${all.filter(({ needs }) => !needs || features.includes(needs)).map(
        (part) => html`<li key=${part.name}>
          <a class="row" href=${`/settings/${part.name}`} aria-current=${part === chosen ? "page" : undefined}>
            ${icon(part.icon)} <span class="row-text">${t(part.title)}</span>
            <span class="settings-go">${icon("chevron_right", { size: 16 })}</span>
          </a>
        </li>`,
      )}
    </ul>
  </nav>`;
}
