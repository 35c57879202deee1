// Recovery codes, which are shown once.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { copyAndAnnounce } from "../../view/controls/copy.js";

/** @param {{ codes: string[], onDone: () => void }} props */
export function RecoveryCodes({ codes, onDone }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => setCopied(await copyAndAnnounce(codes.join("\n")));
  return html`<div class="form factor-codes" role="group" aria-label=${t("factor.codes")}>
    <h4>${t("factor.codes")}</h4>
    <p>${t("factor.codes_text")}</p>
    <ul class="recovery-codes" dir="ltr">${codes.map((code) => html`<li key=${code}><code>${code}</code></li>`)}</ul>
    <div class="actions">
      <button type="button" class="button" onClick=${copy}>${t(isCopied ? "factor.copied" : "factor.copy")}</button>
      <button type="button" class="button primary" onClick=${onDone}>${t("factor.saved")}</button>
    </div>
  </div>`;
}
