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
  const { open: reported = 0, held = 0 } = useSelected(reportsOf);
  const open = reported + held;
  useCount();
  return html`<a class="way" href="/reports" aria-current=${isCurrent ? "page" : undefined}>
    ${icon(FLAG, { size: 18 })} <span>${t("reports.title")}</span>
    ${open > 0 && html`<span class="badge is-mention" aria-hidden="true">${open < MOST ? open : `${MOST}+`}</span><span class="visually-hidden">${reported > 0 && tn("reports.open_n", reported)} ${held > 0 && tn("review.waiting_n", held)}</span>`}
  </a>`;
}

/** Read how many are open, with each connection and after each change. */
function useCount() {
  const chat = useChat();
  const isLive = useSelected((state) => state.connection.state === "live");
  const changes = useSelected((state) => reportsOf(state).changes);
  const holds = useSelected((state) => state.server.features.includes("review"));
  const heldChanges = useSelected((state) => /** @type {{ changes: number } | undefined} */ (state.own.review)?.changes ?? 0);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (!isLive) return;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let isOver = false;
    Promise.all([chat.call("GET", "/reports/count"), holds && chat.call("GET", "/held?limit=1")]).then(
      ([count, page]) => {
        const { open } = /** @type {import("../../protocol").ReportCount} */ (count);
        const held = page ? /** @type {import("../../protocol").HeldPage} */ (page).count : 0;
        if (!isOver) chat.setOwn("reports", { ...reportsOf(chat.get()), open, held });
      },
      (/** @type {import("../../model/types").ChatError} */ { retryMs = RETRY_AFTER }) => {
        if (!isOver) timer = setTimeout(() => setTries(tries + 1), retryMs);
      },
    );
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [chat, isLive, changes, holds, heldChanges, tries]);
}
