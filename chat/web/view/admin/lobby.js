// Who reads the lobby: anyone, or people who are logged in.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Choices } from "./choices.js";

const CHOICES = /** @type {const} */ (["open", "members"]);

/** @param {{ settings: import("./settings.js").Changing }} props */
export function LobbySetting({ settings }) {
  return html`<${Choices}
    settings=${settings} name="lobby" values=${CHOICES} title=${t("admin.lobby")} question=${t("admin.lobby_ask")}
    label=${(/** @type {"open" | "members"} */ value) => t(`admin.lobby_${value}`)}
    hint=${(/** @type {"open" | "members"} */ value) => t(`admin.lobby_${value}_hint`)}
    isDangerous=${(/** @type {string} */ value) => value === "open"}
  />`;
}
