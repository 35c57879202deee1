// A room that one is not in: to be joined where it is public, else nothing that one may see.

import { html } from "../vendor/preact.js";
import { t, tn } from "../i18n/index.js";
import { useAct } from "./act.js";
import { useChat, useSelected } from "./context.js";
import { Refusal } from "./fields.js";
import { icon } from "./icon.js";
import { useLoaded } from "./loading.js";

/**
 * @param {{ room: number }} props
 */
export function MissingRoom({ room }) {
  const chat = useChat();
  const me = useSelected((state) => state.me?.id);
  const { act, isBusy, error } = useAct();
  const found = useLoaded(() => chat.call("GET", `/rooms/${room}`), [room]);
  const info = /** @type {import("../model/types").RoomInfo | undefined} */ (found.value);
  const join = () => act(() => chat.call("PUT", `/rooms/${room}/members/${me}`, {}));
  if (!info && !found.error) return html`<div class="empty" aria-busy="true"><span class="spinner"></span></div>`;
  return html`<div class="empty">
    ${icon(info ? "hash" : "lock", { size: 32 })}
    <h1 dir="auto">${info?.name ?? t("room.missing")}</h1>
    <p>${info ? tn("room.members", info.members ?? 0) : t("room.missing_text")}</p>
    ${info?.topic && html`<p dir="auto">${info.topic}</p>`}
    <${Refusal} text=${error} />
    ${info && html`<button type="button" class="button primary" disabled=${isBusy} onClick=${join}>${t("browse.join")}</button>`}
    <a class="button quiet" href="/">${t("shell.back")}</a>
  </div>`;
}
