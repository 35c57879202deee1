// A text with a button that copies it, and one that shares it if the device can.

import { html, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { announce } from "../shared/announce.js";
import { icon } from "./icon.js";

/**
 * @param {{ text: string, label: string }} props
 */
export function Copyable({ text, label }) {
  const [isCopied, setCopied] = useState(false);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const copy = async () => {
    if (!(await copyText(text))) return field.current?.select();
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
 * Copy a text; resolves to whether it succeeded. Over http there is no clipboard API, so the browser's copy command is used.
 * @param {string} text
 */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByCommand(text);
  }
}

/** Copy a text and announce it; resolves to whether it succeeded. @param {string} text */
export async function copyAndAnnounce(text) {
  const isCopied = await copyText(text);
  announce(t(isCopied ? "actions.copied" : "actions.notCopied"));
  return isCopied;
}

/** @param {string} text */
function copyByCommand(text) {
  let isCopied = false;
  const put = (/** @type {ClipboardEvent} */ event) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    isCopied = true;
  };
  addEventListener("copy", put, { capture: true });
  document.execCommand("copy");
  removeEventListener("copy", put, { capture: true });
  return isCopied;
}
