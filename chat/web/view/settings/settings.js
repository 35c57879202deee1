// The settings, one part at a time.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { PHONE, useMedia } from "../shared/media.js";
import { About } from "./about.js";
import { Appearance } from "./appearance.js";
import { Blocks } from "./blocks.js";
import { Invitations } from "./invitations.js";
import { KeysPart } from "./keys.js";
import { Notifications } from "./notifications.js";
import { Profile } from "./profile.js";
import { Security } from "./security.js";
import { Tokens } from "./tokens.js";
import { useTitle } from "../shared/title.js";

const PARTS = /** @type {const} */ ({
  profile: { picture: "person", view: Profile },
  security: { picture: "shield", view: Security },
  notifications: { picture: "bell", view: Notifications },
  appearance: { picture: "moon", view: Appearance },
  blocks: { picture: "block", view: Blocks },
  invitations: { picture: "link", view: Invitations },
  tokens: { picture: "lock", view: Tokens },
  keys: { picture: "help", view: KeysPart },
  about: { picture: "info", view: About },
});

/** @typedef {keyof typeof PARTS} Part */

/**
 * @param {{ part?: string }} props
 */
export function Settings({ part }) {
  const isPhone = useMedia(PHONE);
  const isIn = useSelected((state) => state.me !== null);
  const chosen = part && Object.hasOwn(PARTS, part) ? /** @type {Part} */ (part) : isPhone ? null : "profile";
  useTitle(chosen ? t(`settings.${chosen}`) : t("settings.title"));
  if (!isIn) return null;
  return html`<main class="place-body settings">
    <header class="place-head">
      <a class="icon-button place-back" href=${chosen ? "/settings" : "/"} aria-label=${t("common.back")}>${icon("back")}</a>
      <h1>${isPhone && chosen ? t(`settings.${chosen}`) : t("settings.title")}</h1>
    </header>
    <div class="settings-parts">
      ${(!isPhone || !chosen) && html`<${Parts} chosen=${chosen} />`}
      ${chosen &&
      html`<div class="settings-part" key=${chosen}>
        ${!isPhone && html`<h2>${t(`settings.${chosen}`)}</h2>`}
        <${PARTS[chosen].view} />
      </div>`}
    </div>
  </main>`;
}

/** @param {{ chosen: Part | null }} props */
function Parts({ chosen }) {
  return html`<nav class="settings-nav" aria-label=${t("settings.title")}>
    <ul class="list">
      ${/** @type {Part[]} */ (Object.keys(PARTS)).map(
        (name) => html`<li key=${name}>
          <a class="row" href=${`/settings/${name}`} aria-current=${name === chosen ? "page" : undefined}>
            ${icon(PARTS[name].picture)} <span class="row-text">${t(`settings.${name}`)}</span>
            <span class="settings-go">${icon("chevron_right", { size: 16 })}</span>
          </a>
        </li>`,
      )}
    </ul>
  </nav>`;
}
