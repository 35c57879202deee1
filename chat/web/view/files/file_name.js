// A file's name in one line. A long name is cut in the middle, because its end shows the type.

import { html } from "../../vendor/preact.js";

/** Characters at the end of a name that are always shown, and of names that are never cut. */
const END = 10;
const SHORT = 16;

/** @param {{ name: string, class?: string }} props */
export function FileName({ name, class: extra = "" }) {
  const letters = [...name];
  if (letters.length <= SHORT) return html`<span class=${`file-name ${extra}`} dir="auto" title=${name}>${name}</span>`;
  const [begin, end] = [letters.slice(0, -END), letters.slice(-END)].map((part) => part.join(""));
  return html`<span class=${`file-name ${extra}`} dir="auto" title=${name}>
    <span class="visually-hidden">${name}</span>
    <span class="file-name-parts" aria-hidden="true" data-begin=${begin} data-end=${end}></span>
  </span>`;
}
