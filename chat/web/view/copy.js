// A text to hand on, with a button that copies it, and one that shares it where the device can.

import { html, useState } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { announce } from "./announce.js";
import { icon } from "./icon.js";

/**
 * @param {{ text: string, label: string }} props
 */
export function Copyable({ text, label }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    announce(t("copied"));
  };
  const share = () => navigator.share({ url: text }).catch(() => undefined);
  const isLink = text.startsWith("http");
  return html`<div class="copyable">
    <input readonly aria-label=${label} value=${text} onFocus=${selectAll} />
    <button type="button" class="button" onClick=${copy}>
      ${icon(isCopied ? "check" : "copy")} ${t(isCopied ? "copied" : "copy")}
    </button>
    ${isLink && "share" in navigator && html`<button type="button" class="button" onClick=${share}>${t("share")}</button>`}
  </div>`;
}

/** @param {FocusEvent & { currentTarget: HTMLInputElement }} event */
function selectAll(event) {
  event.currentTarget.select();
}
