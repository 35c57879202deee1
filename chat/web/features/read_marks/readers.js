// Who has read a message. The server shares it in direct, support and small rooms.

import { html } from "../../vendor/preact.js";
import { readBy } from "../../model/timeline.js";
import { t, tn } from "../../i18n/index.js";
import { avatar } from "../../view/controls/avatar.js";
import { useSelected } from "../../view/shared/context.js";
import { Dialog } from "../../view/controls/dialog.js";
import { usePeople } from "../../view/shared/known_people.js";
import { personName } from "../../view/shared/names.js";

/** @typedef {import("../../model/types").Message} Message */

/** @param {{ room: number, seq: number }} message @returns {number[]} people */
function useReaders({ room, seq }) {
  return useSelected((state) => readBy(state.rooms.get(room)?.reads ?? new Map(), seq, state.me?.id ?? 0));
}

/** The note below this person's last message that it was read. @param {import("../feature").MessagePartProps} props */
export function ReadMark(props) {
  return props.isLastOwn ? html`<${LastReadMark} ...${props} />` : null;
}

/** @param {import("../feature").MessagePartProps} props */
function LastReadMark({ message, actions, tab }) {
  const readers = useReaders(message);
  const isDirect = useSelected((state) => state.rooms.get(message.room)?.info.kind === "direct");
  if (!readers.length) return null;
  if (isDirect) return html`<span class="message-read">${t("reads.read")}</span>`;
  return html`<button type="button" class="message-read touch-area" tabindex=${tab} onClick=${() => actions.open(message, "readers")}>
    ${tn("reads.by", readers.length)}
  </button>`;
}

/** @param {import("../feature").MessageDialogProps} props */
export function Readers({ message, onClose }) {
  const readers = useReaders(message);
  const people = usePeople(readers);
  const known = people.filter((person) => person !== undefined);
  const unknown = people.length - known.length;
  return html`<${Dialog} title=${t("reads.title")} onClose=${onClose}>
    ${readers.length === 0 && html`<p class="soft">${t("reads.nobody")}</p>`}
    <ul class="list">
      ${known.map((person) => html`<li class="row" key=${person.id}>${avatar(person)}<span class="row-text" dir="auto">${personName(person)}</span></li>`)}
    </ul>
    ${unknown > 0 && html`<p class="soft">${tn("reads.others", unknown)}</p>`}
  <//>`;
}
