// Where people appeal whose account is disabled or whose network is banned.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";

/** @param {{ to: string }} props a page or a mail address */
export function Appeal({ to }) {
  return html`<p class="sign-in-other">${t("sign_in.appeal")} <a href=${/^https?:/.test(to) ? to : `mailto:${to}`} rel="noreferrer" dir="ltr">${to}</a></p>`;
}
