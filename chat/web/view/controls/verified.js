// The mark of a visitor whose name and address the site has signed.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "./icon.js";

export function Verified() {
  return html`<span class="tag is-verified" title=${t("inbox.verified_hint")}>${icon("check", { size: 12 })} ${t("inbox.verified")}</span>`;
}
