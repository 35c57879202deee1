// Rate limits of people and addresses.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { NumberSetting } from "./number_setting.js";

/** The limits, and whether each is a whole number. */
const LIMITS = { message_rate: false, message_bytes: true, read_rate: false, call_rate: false };

/** @param {{ settings: import("./settings.js").Changing }} props */
export function LimitsPart({ settings }) {
  const { found = {} } = settings;
  return html`<p class="soft">${t("admin.limits_hint")}</p>
    ${Object.entries(LIMITS).map(
      ([name, isWhole]) => found[name] && html`<${NumberSetting} key=${name} ...${{ settings, setting: found[name], name, isWhole }} />`,
    )}`;
}
