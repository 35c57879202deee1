// Who has read a message. The server shares it in direct, support and small rooms.

import { html } from "../../vendor/preact.js";
import { readBy } from "../../model/timeline.js";
import { t, tn } from "../../i18n/index.js";
import { avatar } from "../controls/avatar.js";
import { useSelected } from "../shared/context.js";
import { Dialog } from "../controls/dialog.js";
import { usePeople } from "../shared/known_people.js";
import { personName } from "../shared/names.js";

/** @typedef {import("../../model/types").Message} Message */

/** @param {{ room: number, seq: number }} message @returns {number[]} people */
function useReaders({ room, seq }) {
  return useSelected((state) => readBy(state.rooms.get(room)?.reads ?? new Map(), seq, state.me?.id ?? 0));
}

/** The note below this person's last message that it was read. @param {{ message: Message, actions: import("../../features/feature").MessageActions, tab: 0 | -1 }} props */
export function ReadMark({ message, actions, tab }) {
  const readers = useReaders(message);
  const isDirect = useSelected((state) => state.rooms.get(message.room)?.info.kind === "direct");
  if (!readers.length) return null;
  if (isDirect) return html`<span class="message-read">${t("timeline.read")}</span>`;
  return html`<button type="button" class="message-read" tabindex=${tab} onClick=${() => actions.open(message, "readers")}>
    ${tn("timeline.readBy", readers.length)}
  </button>`;
}

/** @param {{ message: Message, onClose: () => void }} props */
export function Readers({ message, onClose }) {
  const readers = useReaders(message);
  const people = usePeople(readers);
  const known = people.filter((person) => person !== undefined);
  const unknown = people.length - known.length;
  return html`<${Dialog} title=${t("timeline.readers")} onClose=${onClose}>
    ${readers.length === 0 && html`<p class="soft">${t("timeline.noReaders")}</p>`}
    <ul class="list">
      ${known.map((person) => html`<li class="row" key=${person.id}>${avatar(person)}<span class="row-text" dir="auto">${personName(person)}</span></li>`)}
    </ul>
    ${unknown > 0 && html`<p class="soft">${tn("timeline.otherReaders", unknown)}</p>`}
  <//>`;
}
