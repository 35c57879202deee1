// A text to hand on, with a button that copies it, and one that shares it where the device can.

import { html, useRef, useState } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { announce } from "./announce.js";
import { icon } from "./icon.js";

/**
 * @param {{ text: string, label: string }} props
 */
export function Copyable({ text, label }) {
  const [isCopied, setCopied] = useState(false);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const copy = async () => {
    if (!(await copied(text, field.current))) return;
    setCopied(true);
    announce(t("copy.done"));
  };
  const share = () => navigator.share({ url: text }).catch(() => undefined);
  return html`<div class="copyable">
    <input readonly ref=${field} aria-label=${label} value=${text} onFocus=${() => field.current?.select()} />
    <button type="button" class="button primary" onClick=${copy}>
      ${icon(isCopied ? "check" : "copy")} ${t(isCopied ? "copy.done" : "copy.copy")}
    </button>
    ${text.startsWith("http") &&
    "share" in navigator &&
    html`<button type="button" class="button" onClick=${share}>${icon("share")} ${t("copy.share")}</button>`}
  </div>`;
}

/**
 * Over http a page has no clipboard: then the text is selected, and the browser's own command copies it.
 * @param {string} text
 * @param {HTMLInputElement | null} field
 */
async function copied(text, field) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    field?.select();
    return document.execCommand("copy");
  }
}
