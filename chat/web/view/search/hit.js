// One search hit: sender, room, time, and the text with the found words marked.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { barePieces } from "../../model/text.js";
import { avatar } from "../controls/avatar.js";
import { useSelected } from "../shared/context.js";
import { FileName } from "../files/file_name.js";
import { icon } from "../controls/icon.js";
import { personName, roomName } from "../shared/names.js";
import { dayAndTime, messageTime } from "../shared/times.js";

/** @typedef {{ message: import("../../model/types").Message, pieces: string[] }} FoundMessage */

/** A long text is cut this many characters before its first hit. */
const CONTEXT = 120;

/**
 * @param {{ hit: FoundMessage, me?: number, children?: unknown }} props `children` stand beside the link
 */
export function Hit({ hit: { message, pieces }, me, children }) {
  const info = useSelected((state) => state.rooms.get(message.room)?.info);
  const sender = useSelected((state) => state.people.get(message.sender.id)) ?? message.sender;
  const name = message.sender.id === me ? t("you") : personName(sender);
  const shown = shortened(barePieces(pieces?.length ? pieces : [message.text ?? ""]));
  return html`<li class="hit">
    <a class="hit-link" href=${`/room/${message.room}/${message.seq}`}>
      ${avatar({ ...sender })}
      <span class="hit-inside">
        <span class="hit-head">
          <bdi class="hit-name">${name}</bdi>
          ${info && info.kind !== "direct" && html`<bdi class="tag">${roomName(info)}</bdi>`}
          <time class="soft small" datetime=${new Date(message.at).toISOString()} title=${dayAndTime(message.at)}>${messageTime(message.at)}</time>
        </span>
        <span class="hit-text" dir="auto">${shown.map((piece, index) => (index % 2 ? html`<mark>${piece}</mark>` : piece))}</span>
        ${message.files?.map((file) => html`<span class="hit-file" key=${file.id}>${icon("file", { size: 16 })} <${FileName} name=${file.name} /></span>`)}
      </span>
    </a>
    ${children}
  </li>`;
}

/** Cut a long first piece. @param {string[]} pieces */
function shortened(pieces) {
  const [first = "", ...others] = pieces;
  if (others.length === 0 || first.length <= CONTEXT) return pieces;
  return [`…${first.slice(-CONTEXT)}`, ...others];
}
