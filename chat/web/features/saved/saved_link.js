// The link to the list of saved messages in the sidebar. While it is shown, the page knows which messages are saved.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "../../view/controls/icon.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { isOffered, readSaved, SAVE } from "./saved.js";

/** Milliseconds after which it is tried again if the server could not answer. */
const RETRY_AFTER = 30_000;

/** @param {{ isCurrent: boolean }} props */
export function SavedLink({ isCurrent }) {
  const chat = useChat();
  const isShown = useSelected(isOffered);
  const isReadable = useSelected((state) => state.connection.state === "live" && isOffered(state));
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
  return html`<a class="way" href="/saved" aria-current=${isCurrent ? "page" : undefined}>${icon(SAVE, { size: 18 })} <span>${t("saved.title")}</span></a>`;
}
