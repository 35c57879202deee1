// The link to the reports in the sidebar of moderators, with how many are open.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { tn, t } from "../../i18n/index.js";
import { icon } from "../../view/controls/icon.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { FLAG, isModerator, reportsOf } from "./changes.js";

/** Milliseconds after which it is tried again if the server could not answer. */
const RETRY_AFTER = 30_000;

/** The count from which on the server doesn't count. */
const MOST = 100;

/** @param {{ isCurrent: boolean }} props */
export function ReportsLink({ isCurrent }) {
  const isShown = useSelected(isModerator);
  return isShown ? html`<${Link} isCurrent=${isCurrent} />` : null;
}

/** @param {{ isCurrent: boolean }} props */
function Link({ isCurrent }) {
  const { open = 0 } = useSelected(reportsOf);
  useCount();
  return html`<a class="way" href="/reports" aria-current=${isCurrent ? "page" : undefined}>
    ${icon(FLAG, { size: 18 })} <span>${t("reports.title")}</span>
    ${open > 0 && html`<span class="badge is-mention" aria-hidden="true">${open < MOST ? open : `${MOST}+`}</span><span class="visually-hidden">${tn("reports.open_n", open)}</span>`}
  </a>`;
}

/** Read how many are open, with each connection and after each change. */
function useCount() {
  const chat = useChat();
  const isLive = useSelected((state) => state.connection.state === "live");
  const changes = useSelected((state) => reportsOf(state).changes);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (!isLive) return;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let isOver = false;
    chat.call("GET", "/reports/count").then(
      (count) => {
        const { open } = /** @type {import("../../protocol").ReportCount} */ (count);
        if (!isOver) chat.setOwn("reports", { ...reportsOf(chat.get()), open });
      },
      (/** @type {import("../../model/types").ChatError} */ { retryMs = RETRY_AFTER }) => {
        if (!isOver) timer = setTimeout(() => setTries(tries + 1), retryMs);
      },
    );
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [chat, isLive, changes, tries]);
}
