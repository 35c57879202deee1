// What a restored backup lacks of what this person has seen: a notice, and a list from which their own can be sent again.

import { html, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { isSameRoom } from "../../net/restored.js";
import { copyAndAnnounce } from "../controls/copy.js";
import { Dialog } from "../controls/dialog.js";
import { FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { roomName } from "../shared/names.js";
import { dayAndTime } from "../shared/times.js";

/** @import { Lost, LostMessage, LostRoom, Room } from "../../model/types" */

/** @param {{ isBarShown: boolean }} props without the bar, an open list stays */
export function LostNotice({ isBarShown }) {
  const lost = useSelected((state) => state.lost);
  const [isOpen, setOpen] = useState(false);
  if (!lost) return null;
  const bar = html`<div class="connection-bar" role="status">
    ${icon("info")}<span>${sentence(lost)}</span>
    <button type="button" class="button small primary" onClick=${() => setOpen(true)}>${t("lost.show")}</button>
  </div>`;
  return html`${isBarShown && bar}${isOpen && html`<${LostDialog} lost=${lost} onClose=${() => setOpen(false)} />`}`;
}

/** @param {{ lost: Lost, onClose: () => void }} props */
function LostDialog({ lost, onClose }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const text = lost.rooms.map(textOf).join("\n");
  return html`<${Dialog} title=${t("lost.title")} onClose=${onClose} class="lost">
    <p>${sentence(lost)} ${t("lost.intro")}</p>
    ${lost.rooms.map((room) => html`<${RoomPart} key=${`${room.room} ${room.name}`} from=${room} act=${act} isBusy=${isBusy} />`)}
    <${FormError} text=${error} />
    <p class="actions">
      <button type="button" class="button" onClick=${() => copyAndAnnounce(text)}>${icon("copy")} ${t("lost.copy")}</button>
      <button type="button" class="button" onClick=${() => saveAs("restored-messages.txt", text)}>${icon("download")} ${t("lost.save")}</button>
      <button type="button" class="button danger" disabled=${isBusy} onClick=${() => act(() => chat.dismissLost())}>${t("lost.dismiss")}</button>
    </p>
  <//>`;
}

/** @param {{ from: LostRoom, act: ReturnType<typeof useAction>["act"], isBusy: boolean }} props */
function RoomPart({ from, act, isBusy }) {
  const chat = useChat();
  const target = useSelected((state) => targetOf(state.rooms, from));
  const mine = from.messages.filter(isSendable);
  const send = (/** @type {readonly LostMessage[]} */ messages) => act(() => chat.sendAgain(target?.id ?? 0, from, messages));
  return html`<section class="settings-section">
    <h3 dir="auto">${roomName(/** @type {any} */ (from))}</h3>
    ${!target && html`<p class="field-hint">${t("lost.no_room")}</p>`}
    <ul class="list">
      ${from.messages.map(
        (message) => html`<li key=${`${message.seq} ${message.at}`} class="row lost-message">
          <span class="row-text">
            <span class="row-note"><b dir="auto">${message.sender.name}</b> ${dayAndTime(message.at)}</span>
            <span class="lost-text" dir="auto">${contentOf(message)}</span>
          </span>
          ${message.isAgain && html`<span class="soft">${t("lost.sent")}</span>`}
          ${
            target &&
            isSendable(message) &&
            html`<button type="button" class="button small" disabled=${isBusy} onClick=${() => send([message])}>${t("lost.send")}</button>`
          }
        </li>`,
      )}
    </ul>
    ${
      target &&
      mine.length > 1 &&
      html`<button type="button" class="button" disabled=${isBusy} onClick=${() => send(mine)}>${tn("lost.send_all", mine.length)}</button>`
    }
  </section>`;
}

/** @param {Lost} lost */
function sentence({ rooms, until }) {
  const count = rooms.reduce((sum, { messages }) => sum + messages.length, 0);
  const restored = until === undefined ? t("lost.restored") : t("lost.restored_from", { time: dayAndTime(until) });
  return `${restored} ${tn("lost.count", count)}`;
}

/** @param {LostMessage} message */
function isSendable({ isMine, isAgain, text }) {
  return isMine && !isAgain && text !== "";
}

/**
 * The room to send to: the same one, or another that the person has under its name.
 * @param {ReadonlyMap<number, Room>} rooms
 * @param {LostRoom} from
 */
function targetOf(rooms, from) {
  const same = from.isSame ? rooms.get(from.room) : [...rooms.values()].find(({ info }) => isSameRoom(info, from));
  return same?.info ?? null;
}

/** @param {LostMessage} message */
function contentOf({ text, files = [] }) {
  return [...(text ? [text] : []), ...files.map((name) => t("lost.file", { name }))].join("\n");
}

/** @param {LostRoom} room */
function textOf(room) {
  const lines = room.messages.map((each) => `${dayAndTime(each.at)} ${each.sender.name}: ${contentOf(each)}\n`);
  return `# ${roomName(/** @type {any} */ (room))}\n\n${lines.join("")}`;
}

/** @param {string} name @param {string} text */
function saveAs(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
