// A code block in a message, with a copy button.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { copyAndAnnounce } from "../controls/copy.js";
import { icon } from "../controls/icon.js";

/**
 * @param {{ code: string, tab: 0 | -1 }} props
 */
export function CodeBlock({ code, tab }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => setCopied(await copyAndAnnounce(code));
  return html`<div class="code-block" onPointerLeave=${() => setCopied(false)}>
    <pre tabindex=${tab}><code>${code}</code></pre>
    <button type="button" class="icon-button" aria-label=${t("actions.copyCode")} title=${t("actions.copyCode")} tabindex=${tab} onClick=${copy}>
      ${icon(isCopied ? "check" : "copy")}
    </button>
  </div>`;
}
