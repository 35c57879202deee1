// A room's newest files in its panel, each with its message, and the way to all of them.

import { html, useRef } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { roomPath } from "../../model/panel.js";
import { useChat, useSelected } from "../shared/context.js";
import { Download } from "../files/files.js";
import { useLoaded } from "../shared/loading.js";
import { personName } from "../shared/names.js";
import { messageTime } from "../shared/times.js";

/** @typedef {import("../../model/types").Message} Message */

/** Messages with files that are shown. */
const SHOWN = 3;

/** @param {{ info: import("../../model/types").RoomInfo }} props */
export function RoomFiles({ info }) {
  const chat = useChat();
  const newest = useNewest(info.last);
  const { value } = useLoaded(async () => {
    const { messages } = /** @type {import("../../protocol").FilesOfRoom} */ (await chat.call("GET", `/rooms/${info.id}/files?limit=${SHOWN}`));
    return messages;
  }, [info.id, newest]);
  if (!value?.length) return null; // the list of members shows errors, too
  return html`<section class="room-files" aria-labelledby="files-title">
    <div class="members-head">
      <h3 id="files-title">${t("room.files")}</h3>
      <a class="button quiet small" href=${roomPath(info.id, { show: "files" })}>${t("files.all")}</a>
    </div>
    <ul class="list">
      ${value.map((message) => html`<${FilesOf} key=${message.seq} message=${message} />`)}
    </ul>
  </section>`;
}

/** @param {{ message: Message }} props */
function FilesOf({ message }) {
  return html`<li>
    <${FilesFrom} message=${message} />
    ${message.files?.map((file) => html`<${Download} key=${file.id} file=${file} />`)}
  </li>`;
}

/** By whom and when files came; it leads to their message. @param {{ message: Message }} props */
export function FilesFrom({ message: { room, seq, at, sender } }) {
  const person = useSelected((state) => state.people.get(sender.id)) ?? sender;
  return html`<a class="room-files-from" href=${`/room/${room}/${seq}`}><bdi>${personName(person)}</bdi>, ${messageTime(at)}</a>`;
}

/** The newest known message with files: when it changes, the list is loaded again. @param {Message | undefined} last */
export function useNewest(last) {
  const newest = useRef(0);
  if (last?.files?.length) newest.current = last.seq;
  return newest.current;
}
