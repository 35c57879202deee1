// The server: its name, its address, its version, and links to its documents.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { Choices } from "./choices.js";
import { OutboundHosts } from "./outbound_hosts.js";
import { CallAddress, PublicAddress, ServerName } from "./server_name.js";
import { ServerColour, ServerPicture } from "./server_look.js";

const SWITCHED = /** @type {const} */ (["on", "off"]);

const MAKERS = /** @type {const} */ (["admins", "everybody"]);

/** @param {{ settings: import("./settings.js").Changing }} props */
export function ServerPart({ settings }) {
  const version = useSelected((state) => state.server.version);
  return html`<${ServerName} settings=${settings} setting=${settings.found?.server_name} />
    ${settings.found?.server_picture && html`<${ServerPicture} settings=${settings} setting=${settings.found.server_picture} />`}
    ${settings.found?.server_colour && html`<${ServerColour} settings=${settings} setting=${settings.found.server_colour} />`}
    ${settings.found?.public_url && html`<${PublicAddress} settings=${settings} setting=${settings.found.public_url} />`}
    ${settings.found?.outbound_hosts && html`<${OutboundHosts} settings=${settings} setting=${settings.found.outbound_hosts} />`}
    ${settings.found?.push_texts && html`<${Choices}
      settings=${settings} name="push_texts" values=${SWITCHED} title=${t("admin.push_texts")} question=${t("admin.push_texts_ask")}
      label=${(/** @type {"on" | "off"} */ value) => t(`admin.push_texts_${value}`)}
      hint=${(/** @type {"on" | "off"} */ value) => t(`admin.push_texts_${value}_hint`)}
      isDangerous=${() => false}
    />`}
    ${settings.found?.link_previews && html`<${Choices}
      settings=${settings} name="link_previews" values=${SWITCHED} title=${t("admin.link_previews")} question=${t("admin.link_previews_ask")}
      label=${(/** @type {"on" | "off"} */ value) => t(`admin.link_previews_${value}`)}
      hint=${(/** @type {"on" | "off"} */ value) => t(`admin.link_previews_${value}_hint`)}
      isDangerous=${() => false}
    />`}
    ${settings.found?.call_url && html`<${CallAddress} settings=${settings} setting=${settings.found.call_url} />`}
    ${settings.found?.emoji_makers && html`<${Choices}
      settings=${settings} name="emoji_makers" values=${MAKERS} title=${t("custom_emoji.makers")} question=${t("custom_emoji.makers_ask")}
      label=${(/** @type {"admins" | "everybody"} */ value) => t(`custom_emoji.makers_${value}`)}
      hint=${() => t("custom_emoji.makers_hint")}
      isDangerous=${() => false}
    />`}
    <section class="settings-section">
      <h3>${t("admin.look_closer")}</h3>
      <ul class="list">
        <li><a class="row" href="/admin/tree" target="_blank">${icon("eye")} <span class="row-text">${t("admin.tree")}<span class="row-note">${t("admin.tree_hint")}</span></span></a></li>
        <li><a class="row" href="/api/v1/docs" target="_blank">${icon("file")} <span class="row-text">${t("admin.docs")}<span class="row-note">${t("admin.docs_hint")}</span></span></a></li>
      </ul>
      ${version && html`<p class="field-hint">${t("admin.version", { version })}</p>`}
    </section>`;
}
