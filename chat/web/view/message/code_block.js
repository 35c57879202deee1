// Code blocks of messages, with a copy button, and formulas. A feature draws both better.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { copyAndAnnounce } from "../controls/copy.js";
import { icon } from "../controls/icon.js";
import { parts } from "../../features/registry.js";
import { PlainFormula } from "./message_text.js";

const Code = parts("Code").at(0);
const DrawnFormula = parts("Formula").at(0);

/**
 * @param {{ code: string, language?: string, tab: 0 | -1 }} props
 */
export function CodeBlock({ code, language, tab }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => setCopied(await copyAndAnnounce(code));
  return html`<div class="code-block" onPointerLeave=${() => setCopied(false)}>
    <pre dir="ltr" tabindex=${tab}><code>${Code && language ? html`<${Code} code=${code} language=${language}>${code}<//>` : code}</code></pre>
    <button type="button" class="icon-button" title=${t("actions.copyCode")} tabindex=${tab} onClick=${copy}>
      ${icon(isCopied ? "check" : "copy")}
    </button>
  </div>`;
}

/** @param {{ tex: string, isBlock: boolean, tab: 0 | -1 }} props */
export function Formula({ tex, isBlock, tab }) {
  const plain = html`<${PlainFormula} tex=${tex} isBlock=${isBlock} tab=${tab} />`;
  return DrawnFormula ? html`<${DrawnFormula} tex=${tex} isBlock=${isBlock}>${plain}<//>` : plain;
}
