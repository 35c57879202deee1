// The dialog with public rooms to join.

import { html, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { Dialog } from "../controls/dialog.js";
import { Field, MoreButton, FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { usePages } from "../shared/loading.js";
import { navigate } from "../shared/router.js";

/** @typedef {{ id: number, name: string, topic?: string, members: number }} PublicRoom */

/**
 * @param {{ onClose: () => void, onNew: () => void }} props
 */
export function Browse({ onClose, onNew }) {
  const chat = useChat();
  const me = useSelected((state) => state.me?.id);
  const { act, isBusy, error } = useAction();
  const [text, setText] = useState("");
  const pages = usePages(async (after) => {
    const query = new URLSearchParams({ ...(text.trim() && { q: text.trim() }), ...(after && { after: String(after) }) });
    const { rooms, next } = /** @type {{ rooms: PublicRoom[], next?: number }} */ (await chat.call("GET", `/rooms/public?${query}`));
    return { items: rooms, next };
  }, [text]);
  const join = (/** @type {PublicRoom} */ room) =>
    act(async () => {
      await chat.call("PUT", `/rooms/${room.id}/members/${me}`, {});
      onClose();
      navigate(`/room/${room.id}`);
    });
  return html`<${Dialog} title=${t("browse.title")} class="wide" onClose=${onClose}>
    <div class="form">
      <${Field} label=${t("browse.filter")} type="search" value=${text} onInput=${setText} autofocus />
      <${FormError} text=${error} />
      ${pages.items?.length === 0 && html`<${None} text=${text} onNew=${onNew} />`}
      <ul class="list browse-list" aria-busy=${!pages.items}>
        ${pages.items?.map(
          (room) => html`<li key=${room.id} class="row">
            <span class="room-picture">${icon("hash")}</span>
            <span class="row-text">
              <bdi class="row-title">${room.name}</bdi>
              <span class="row-note" dir="auto">${[tn("room.members", room.members), room.topic].filter(Boolean).join(" · ")}</span>
            </span>
            <button type="button" class="button small" disabled=${isBusy} aria-label=${t("browse.join_room", { name: room.name })} onClick=${() => join(room)}>
              ${t("browse.join")}
            </button>
          </li>`,
        )}
      </ul>
      <${MoreButton} pages=${pages} />
    </div>
  <//>`;
}

/** @param {{ text: string, onNew: () => void }} props */
function None({ text, onNew }) {
  return html`<div class="empty">
    <p>${text.trim() ? t("browse.none", { name: text.trim() }) : t("browse.empty")}</p>
    <button type="button" class="button primary" onClick=${onNew}>${t("rooms.add_room")}</button>
  </div>`;
}
