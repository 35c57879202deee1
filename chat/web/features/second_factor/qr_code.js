// A QR code, drawn in the page.

import { html } from "../../vendor/preact.js";
import { generate } from "../../vendor/qr.js";

/** Light modules around a QR code, which scanners need. */
const QUIET = 4;

/** Dark on light in both themes, as scanners expect. @param {{ text: string, label: string }} props */
export function QrCode({ text, label }) {
  const code = generate(text);
  const side = code.size + 2 * QUIET;
  let path = "";
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
  }
  return html`<svg class="qr-code" role="img" aria-label=${label} viewBox=${`0 0 ${side} ${side}`} shape-rendering="crispEdges">
    <rect width=${side} height=${side} fill="#fff" stroke="none" /><path d=${path} fill="#000" stroke="none" />
  </svg>`;
}
