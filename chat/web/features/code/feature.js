// Code in colours, and formulas. A worker reads them, with libraries that are fetched when they are first needed.

import { html } from "../../vendor/preact.js";
import { useRead } from "./reading.js";

/** @typedef {import("./readings").Markup} Markup */

/** @type {import("../feature").Feature} */
export const code = { name: "code", Code, Formula };

/** @param {{ code: string, language: string, children: unknown }} props */
function Code({ code, language, children }) {
  const pieces = useRead("code", language, code);
  return pieces ? pieces.map(([text, kind]) => (kind ? html`<span class=${`code-${kind}`}>${text}</span>` : text)) : children;
}

/** @param {{ tex: string, isBlock: boolean, children: unknown }} props */
function Formula({ tex, isBlock, children }) {
  const tree = useRead("formula", isBlock ? "block" : "line", tex);
  if (!tree) return children;
  return isBlock ? html`<div class="formula" dir="ltr">${drawn(tree)}</div>` : html`<span class="formula" dir="ltr">${drawn(tree)}</span>`;
}

/** @param {Markup} node @returns {unknown} */
function drawn(node) {
  if (typeof node === "string") return node;
  const [tag, attributes, children] = node;
  return html`<${tag} ...${attributes}>${children.map(drawn)}<//>`;
}
