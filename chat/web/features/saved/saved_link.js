// The link to the list of saved messages in the sidebar. While it is shown, the page knows which messages are saved.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { icon } from "../../view/controls/icon.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { dueOf } from "./changes.js";
import { isOffered, readSaved, SAVE, savedOf } from "./saved.js";

/** Milliseconds after which it is tried again if the server could not answer. */
const RETRY_AFTER = 30_000;

/** @param {{ isCurrent: boolean }} props */
export function SavedLink({ isCurrent }) {
  const chat = useChat();
  const isShown = useSelected(isOffered);
  const isReadable = useSelected((state) => state.connection.state === "live" && isOffered(state));
  const due = useSelected((state) => dueOf(savedOf(state), state.rooms).length);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (!isReadable) return;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let isOver = false;
    readSaved(chat).catch((/** @type {import("../../model/types").ChatError} */ { retryMs = RETRY_AFTER }) => {
      if (!isOver) timer = setTimeout(() => setTries(tries + 1), retryMs);
    });
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [chat, isReadable, tries]);
  if (!isShown) return null;
  return html`<a class="way" href="/saved" aria-current=${isCurrent ? "page" : undefined}>${icon(SAVE, { size: 18 })} <span>${t("saved.title")}</span>
    ${due > 0 && html`<span class="badge is-mention" aria-hidden="true">${due}</span><span class="visually-hidden">${tn("saved.dueCount", due)}</span>`}
  </a>`;
}
