// The server's picture and colour, which the log-in page shows.

import { html } from "../../vendor/preact.js";
import { parts } from "../../features/registry.js";
import { t } from "../../i18n/index.js";
import { roomPicture } from "../controls/avatar.js";
import { FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { Source, useSaving } from "./settings.js";

/** @typedef {import("./server_name.js").Props} Props */

/** What the field shows without a colour: the usual accent. */
const USUAL = "#0f6b5f";

/** @param {Props} props */
export function ServerPicture({ settings, setting }) {
  const sign = html`<span class="room-about-picture">${icon("home", { size: 22 })}</span>`;
  return html`<div class="admin-setting is-wide">
    <span class="label"><b>${t("admin.server_picture")}</b></span>
    ${parts("PictureButtons").map(
      (Buttons) => html`<${Buttons} path="/admin/picture" has=${Boolean(setting.value)} hint=${t("admin.server_name_hint")} onChanged=${settings.reload}>
        ${roomPicture({ picture: setting.value }, sign)}
      <//>`,
    )}
  </div>`;
}

/** @param {Props} props */
export function ServerColour({ settings, setting }) {
  const { error, save } = useSaving(settings, "server_colour");
  return html`<div class="admin-setting is-wide">
    <label class="field"><span class="label">${t("admin.server_colour")}</span>
      <input type="color" class="colour-field" value=${setting.value || USUAL} onChange=${(/** @type {any} */ event) => save(event.target.value)} />
      <span class="field-hint">${t("admin.server_colour_hint")}</span>
    </label>
    <${FormError} text=${error} />
    <${Source} setting=${setting} shown=${(/** @type {string} */ value) => value || t("admin.usual_colour")} onTakeBack=${() => save(null)} />
  </div>`;
}
