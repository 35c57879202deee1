// Shown for a room that this person is not in: it can be joined if it is public.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { isSomeoneElses } from "../../model/support_queue.js";
import { currentRoute, navigate } from "../shared/router.js";
import { useLoaded } from "../shared/loading.js";
import { problemText } from "../shared/problem.js";
import { UnsentList } from "../message/unsent_list.js";

/**
 * @param {{ room: number, seq?: number }} props
 */
export function MissingRoom({ room, seq }) {
  const chat = useChat();
  const me = useSelected((state) => state.me?.id);
  const { act, isBusy, error } = useAction();
  const found = useLoaded(() => whyNot(chat, room, seq), [room]);
  const join = () => act(() => chat.call("PUT", `/rooms/${room}/members/${me}`, {}));
  if (!found.value) return html`<div class="empty" aria-busy="true"><span class="spinner"></span></div>`;
  const isPublic = found.value === "forbidden";
  return html`<div class="empty">
    ${icon(isPublic ? "hash" : "lock", { size: 32 })}
    <h1>${t("room.missing")}</h1>
    <p>${found.value === "not_found" ? t("room.missing_text") : isPublic ? t("room.public_text") : found.value}</p>
    <${FormError} text=${error} />
    ${isPublic && html`<button type="button" class="button primary" disabled=${isBusy} onClick=${join}>${t("browse.join")}</button>`}
    <a class="button quiet" href="/">${t("shell.back")}</a>
    <${UnsentList} room=${room} />
  </div>`;
}

/**
 * Why the room is missing: "forbidden" for a public room, "not_found" for any other, or an error text. A support
 * conversation that is closed or not loaded is shown in the inbox.
 * @param {import("../shared/context.js").Chat} chat
 * @param {number} room
 * @param {number} [seq]
 */
async function whyNot(chat, room, seq) {
  try {
    /** @type {import("../../protocol").Room} */
    const info = await chat.call("GET", `/rooms/${room}`);
    const isHere = currentRoute().room === room;
    if (isHere && isSomeoneElses(info, chat.get().me?.id)) navigate(`/inbox/${room}${seq ? `?at=${seq}` : ""}`, { replace: true });
    // Made in another session, and nobody has written there yet: only the answer to this puts it in the list.
    if (info.kind === "direct" && info.peer) await chat.call("PUT", `/direct/${info.peer.id}`);
    return "forbidden"; // joined meanwhile
  } catch (error) {
    const { code } = /** @type {import("../../model/types").ChatError} */ (error);
    if (code === "offline") throw error; // it is loaded again with the next connection
    return code === "forbidden" || code === "not_found" ? code : problemText(error);
  }
}
