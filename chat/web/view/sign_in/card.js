// The frame of the log-in page and of similar pages: a logo, a heading, the content, and a note about trust.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "../controls/icon.js";

/** @typedef {import("../../vendor/preact").ComponentChildren} Children */

/** @param {{ title: string, note?: string, children?: Children, above?: Children }} props `above`: content above the heading */
export function Card({ title, note, children, above }) {
  return html`<main class="sign-in">
    <div class="sign-in-card">
      ${above ?? html`<div class="sign-in-mark">${logo()}</div>`}
      <header class="sign-in-head">
        <h1>${title}</h1>
        ${note && html`<p class="soft">${note}</p>`}
      </header>
      ${children}
    </div>
    <footer class="sign-in-foot"><p>${icon("info", { size: 16 })} ${t("sign_in.trust")}</p></footer>
  </main>`;
}

function logo() {
  return html`<svg viewBox="0 0 64 64" width="56" height="56" aria-hidden="true" focusable="false">
    <rect class="mark-ground" width="64" height="64" rx="16" />
    <path class="mark-bubble"
      d="M32 15c-11 0-19 7-19 16 0 5 3 10 7 12.5 0 3-1 5-3 7.5 4 0 8-2 10.5-4 1.5.3 3 .4 4.5.4 11 0 19-7.4 19-16.4S43 15 32 15z" />
    <g class="mark-ground"><circle cx="23.5" cy="31" r="2.8" /><circle cx="32" cy="31" r="2.8" /><circle cx="40.5" cy="31" r="2.8" /></g>
  </svg>`;
}

/**
 * An error note; screen readers announce it.
 * @param {{ children?: Children, kind?: "danger" | "warning" }} props
 */
export function ErrorNote({ children, kind = "danger" }) {
  return html`<div class=${`notice ${kind}`} role="alert">${icon("warning")}<p>${children}</p></div>`;
}
