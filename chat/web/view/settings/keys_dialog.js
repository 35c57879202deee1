// The dialog with all keys, opened by "?".

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Dialog } from "../controls/dialog.js";
import { KeysPart } from "./keys.js";

/**
 * @param {{ onClose: () => void }} props
 */
export function Keys({ onClose }) {
  return html`<${Dialog} title=${t("settings.keys")} class="wide" onClose=${onClose}><${KeysPart} /><//>`;
}
