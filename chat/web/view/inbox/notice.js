// Why a change failed, until the notice is closed.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "../controls/icon.js";

/** @param {{ notice: import("./change_conversation.js").Notice | null, setNotice: (notice: null) => void }} props */
export function NoticeLine({ notice, setNotice }) {
  if (!notice) return null;
  return html`<p class="notice warning small inbox-notice" role="alert">
    <span>${notice.text}</span>
    <button type="button" class="icon-button" aria-label=${t("common.close")} onClick=${() => setNotice(null)}>${icon("close", { size: 16 })}</button>
  </p>`;
}
