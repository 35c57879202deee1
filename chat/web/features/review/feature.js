// Messages that are held for review: above the field of a room its author sees their own. Moderators have them in the page of
// reports (view/reports/held.js).

import { html, useEffect } from "../../vendor/preact.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { lazy } from "../../view/shared/lazy.js";
import { changes, heldOf, readOwn, unread } from "./changes.js";
import * as texts from "./texts.js";

const OwnHeld = lazy(() => import("./own_held.js"), "OwnHeld");

/** @type {import("../feature").Feature<typeof texts.en>} */
export const review = { ...changes, texts, ComposerTray: Here };

/** @param {{ room: number }} props */
function Here({ room }) {
  const chat = useChat();
  const toRead = useSelected(unread);
  const isHere = useSelected((state) => Boolean(heldOf(state).own?.some((each) => each.room === room)));
  useEffect(() => {
    if (toRead) readOwn(chat).catch(() => {}); // the next connection reads them
  }, [chat, toRead]);
  return isHere && html`<${OwnHeld} room=${room} />`;
}
