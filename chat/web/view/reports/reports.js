// The reports of messages, for moderators of the server: those to be handled, and those that were.

import { html, useRef, useState } from "../../vendor/preact.js";
import { FLAG, reportsOf } from "../../features/reports/changes.js";
import { isOffered as holdsForReview } from "../../features/review/changes.js";
import { t } from "../../i18n/index.js";
import { MoreButton } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { announce } from "../shared/announce.js";
import { useChat, useSelected } from "../shared/context.js";
import { usePages } from "../shared/loading.js";
import { useTitle } from "../shared/title.js";
import { Held } from "./held.js";
import { Report } from "./report.js";

/** @typedef {"open" | "handled"} ReportState */
/** @typedef {ReportState | "held"} Tab */

const STATES = /** @type {const} */ (["open", "handled"]);

export function Reports() {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  const [tab, choose] = useState(/** @type {Tab} */ ("open"));
  useTitle(t("reports.title"));
  const onDone = (/** @type {string} */ what) => {
    announce(what);
    heading.current?.focus(); // its buttons are gone
  };
  return html`<main class="place-body reports">
    <header class="place-head">
      <a class="icon-button place-back" href="/" aria-label=${t("shell.back")}>${icon("back")}</a>
      <h1 tabindex="-1" ref=${heading}>${t("reports.title")}</h1>
    </header>
    <div class="reports-body">
      <${Tabs} tab=${tab} choose=${choose} />
      ${tab === "held" ? html`<${Held} onDone=${onDone} />` : html`<${List} state=${tab} onDone=${onDone} />`}
    </div>
  </main>`;
}

/** @param {{ state: ReportState, onDone: (what: string) => void }} props */
function List({ state, onDone }) {
  const chat = useChat();
  const changes = useSelected((now) => reportsOf(now).changes);
  const pages = usePages(
    async (after) => {
      const query = new URLSearchParams({ state, ...(after && { after: String(after) }) });
      const { reported, next } = /** @type {import("../../protocol").ReportedMessages} */ (await chat.call("GET", `/reports?${query}`));
      return { items: reported.map((one) => ({ state, one })), next };
    },
    [state, changes],
  );
  const onHandled = (/** @type {number} */ id) => {
    pages.update((items) => items.filter(({ one }) => one.id !== id));
    onDone(t("reports.closed"));
  };
  const items = pages.items?.filter((item) => item.state === state); // not those of the other list, while this one is read
  const isReading = !pages.error && (!items || (items.length === 0 && Boolean(pages.items?.length)));
  return html`
    ${isReading && html`<div class="empty" aria-busy="true"><span class="spinner"></span></div>`}
    ${!isReading && items?.length === 0 && !pages.hasMore && html`<${Empty} state=${state} />`}
    <ol class="list reports-list" aria-label=${t("reports.title")} aria-busy=${isReading}>
      ${items?.map(({ one }) => html`<${Report} key=${one.id} reported=${one} onHandled=${onHandled} />`)}
    </ol>
    <${MoreButton} pages=${pages} />
  `;
}

/** @param {{ tab: Tab, choose: (tab: Tab) => void }} props */
function Tabs({ tab, choose }) {
  const holds = useSelected(holdsForReview);
  return html`<fieldset class="segmented">
    <legend class="visually-hidden">${t("reports.state")}</legend>
    ${[...STATES, ...(holds ? [/** @type {const} */ ("held")] : [])].map(
      (one) => html`<label key=${one}>
        <input type="radio" name="reports-state" value=${one} checked=${tab === one} onChange=${() => choose(one)} />
        <span>${one === "held" ? t("review.waiting") : t(`reports.state_${one}`)}</span>
      </label>`,
    )}
  </fieldset>`;
}

/** @param {{ state: ReportState }} props */
function Empty({ state }) {
  return html`<div class="empty" role="status">
    ${icon(state === "open" ? "check" : FLAG, { size: 32 })}
    <h2>${t(`reports.none_${state}`)}</h2>
    <p>${t(`reports.none_${state}_hint`)}</p>
  </div>`;
}
