// Pinned messages: actions that pin and unpin, a mark on each, and a list in the room's panel, which is read when the room
// is shown; changes keep it up to date.

import { html, useRef, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { roomPath } from "../../model/panel.js";
import { preview } from "../../model/text.js";
import { FormError } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { useAction } from "../../view/shared/action.js";
import { announce } from "../../view/shared/announce.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { useLoaded } from "../../view/shared/loading.js";
import { personName } from "../../view/shared/names.js";
import { messageTime } from "../../view/shared/times.js";
import { changes } from "./changes.js";
import * as texts from "./texts.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").Room} Room */
/** @typedef {import("../../model/types").State} State */
/** @typedef {import("../../protocol").PinnedMessage} Pin */
/** @typedef {import("./changes.js").Pins} Pins */

/** Icons' paths. */
const PIN = ["M9 4h6l-.6 6.5 3.6 3v2H6v-2l3.6-3z", "M12 15.5V21"];
const UNPIN = [...PIN, "M4 3.5l16 17"];

/** How often the list is read again because a change arrived meanwhile. */
const MOST_TRIES = 5;

/** Milliseconds after which it is read again if the server could not answer. */
const RETRY_AFTER = 30_000;

/** Characters shown of a message. */
const MOST_TEXT = 300;

/** So many are shown at first, so that the members below them are seen. */
const SHOWN_AT_FIRST = 5;

/** What is being read, by room. @type {Map<number, Promise<void>>} */
const reading = new Map();

/** @type {import("../feature").Feature<typeof texts.en>} */
export const pins = {
  ...changes,
  texts,
  actions: [
    {
      name: "pin",
      label: "pins.pin",
      icon: PIN,
      isAllowed: (on) => canPin(on) && !isPinned(on.room, on.message.seq),
      act: ({ chat, message: { room, seq } }) => setPinned(chat, room, seq, true),
    },
    {
      name: "unpin",
      label: "pins.unpin",
      icon: UNPIN,
      isAllowed: (on) => canPin(on) && isPinned(on.room, on.message.seq),
      act: ({ chat, message: { room, seq } }) => setPinned(chat, room, seq, false),
    },
  ],
  Mark,
  RoomSection: Pinned,
  onRoomShown: readWhileShown,
};

/** As for deleting other people's messages. @param {import("../feature").MessageContext} on */
function canPin({ chat, room, message, rights }) {
  return rights.canModerate && rights.canSpeak && !message.deleted && areOffered(chat.get().server, room.info);
}

/** @param {Room | undefined} room @returns {Pins | undefined} */
function pinsOf(room) {
  return /** @type {Pins | undefined} */ (room?.features.pins);
}

/** @param {Room | undefined} room @param {number} seq */
function isPinned(room, seq) {
  return pinsOf(room)?.seqs?.has(seq) ?? false;
}

/** Whether messages of a room can be pinned: older servers know no pins. @param {State["server"]} server @param {Room["info"]} info */
function areOffered(server, info) {
  return server.features.includes("pins") && (info.kind === "room" || info.kind === "lobby");
}

/** @param {Pins | undefined} pins */
function isComplete(pins) {
  return pins?.seqs !== undefined && pins.seqs.size === pins.list.length;
}

/** @param {Chat} chat @param {number} room @param {number} seq @param {boolean} on */
async function setPinned(chat, room, seq, on) {
  await chat.call(on ? "PUT" : "DELETE", `/rooms/${room}/pins/${seq}`);
  announce(t(on ? "pins.donePinned" : "pins.doneUnpinned"));
}

/** Read the list until it is known, also after a reset. @param {Chat} chat @param {number} id @returns {() => void} stops it */
function readWhileShown(chat, id) {
  let isShown = true;
  let isFailed = false;
  const check = () => {
    const { connection, rooms, server } = chat.get();
    const room = rooms.get(id);
    if (!room || !areOffered(server, room.info) || pinsOf(room)?.seqs || reading.has(id)) return;
    if (!isShown || isFailed || connection.state !== "live") return;
    readPins(chat, id).catch((/** @type {import("../../model/types").ChatError} */ { retryMs = RETRY_AFTER }) => {
      isFailed = true;
      setTimeout(() => {
        isFailed = false;
        check();
      }, retryMs);
    });
  };
  check();
  const stop = chat.subscribe(check);
  return () => {
    isShown = false;
    stop();
  };
}

/** Read the list; calls at the same time share one answer. @param {Chat} chat @param {number} room */
function readPins(chat, room) {
  const begun = reading.get(room) ?? readUnchanged(chat, room).finally(() => reading.delete(room));
  reading.set(room, begun);
  return begun;
}

/** @param {Chat} chat @param {number} room */
async function readUnchanged(chat, room) {
  const known = () => pinsOf(chat.get().rooms.get(room))?.pos ?? 0;
  for (let tries = 1; ; tries++) {
    const before = known();
    const { pins: list = [] } = /** @type {{ pins?: Pin[] }} */ (await chat.call("GET", `/rooms/${room}/pins`));
    if (known() !== before && tries < MOST_TRIES) continue; // the list may lack what has changed
    const seqs = new Set(list.map(({ message }) => message.seq));
    chat.setRoomFeature(room, "pins", /** @type {Pins} */ ({ pos: known(), seqs, list }));
    return;
  }
}

/** Behind the text of a pinned message; it opens the list. @param {import("../feature").MessagePartProps} props */
function Mark({ message: { room, seq }, tab }) {
  const isShown = useSelected(({ rooms }) => isPinned(rooms.get(room), seq));
  if (!isShown) return null;
  return html`<a class="message-mark pin-mark" href=${roomPath(room, { show: "room" })} tabindex=${tab}>${icon(PIN, { size: 14 })}${t("pins.mark")}</a>`;
}

/** The list in the room's panel. @param {{ info: Room["info"], rights: import("../../model/rights.js").Rights }} props */
function Pinned({ info, rights }) {
  const chat = useChat();
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  const isShown = useSelected(({ server }) => areOffered(server, info));
  const pins = useSelected(({ rooms }) => pinsOf(rooms.get(info.id)));
  const read = useLoaded(async () => {
    if (isShown && !isComplete(pinsOf(chat.get().rooms.get(info.id)))) await readPins(chat, info.id);
  }, [info.id, isShown, isComplete(pins)]);
  const [isWhole, setWhole] = useState(false);
  const { act, isBusy, error } = useAction();
  if (!isShown) return null;
  const list = pins?.list ?? [];
  const canPin = rights.canModerate && rights.canSpeak;
  const unpin = async (/** @type {number} */ seq) => {
    if (await act(() => setPinned(chat, info.id, seq, false))) heading.current?.focus(); // its button is gone
  };
  return html`<section class="pins" aria-labelledby="pins-title">
    <h3 id="pins-title" tabindex="-1" ref=${heading}>${t("pins.title")}</h3>
    ${read.error && html`<p class="notice danger" role="alert">${read.error} <button type="button" class="button small" onClick=${read.reload}>${t("common.retry")}</button></p>`}
    ${!read.error && !pins?.seqs && html`<span class="spinner" role="status" aria-label=${t("common.loading")}></span>`}
    ${pins?.seqs?.size === 0 && html`<p class="soft small">${t("pins.none")} ${canPin && t("pins.how")}</p>`}
    <ul class="list">
      ${(isWhole ? list : list.slice(0, SHOWN_AT_FIRST)).map((pin) => html`<${PinRow} key=${pin.message.seq} pin=${pin} unpin=${canPin && (() => unpin(pin.message.seq))} isBusy=${isBusy} />`)}
    </ul>
    ${!isWhole && list.length > SHOWN_AT_FIRST && html`<button type="button" class="button quiet wide" onClick=${() => setWhole(true)}>${tn("pins.all", list.length)}</button>`}
    <${FormError} text=${error} />
  </section>`;
}

/** @param {{ pin: Pin, unpin: (() => void) | false, isBusy: boolean }} props */
function PinRow({ pin: { at, by, message }, unpin, isBusy }) {
  const { room, seq, sender, files } = message;
  const isBlocked = useSelected(({ blocked }) => blocked.has(sender.id));
  const [author, pinner] = useSelected(({ people }) => [people.get(sender.id) ?? sender, by && (people.get(by.id) ?? by)]);
  const text = isBlocked ? t("timeline.blocked") : preview(message.text ?? "", MOST_TEXT) || files?.[0]?.name || t("timeline.file");
  const time = messageTime(at);
  return html`<li class="pin">
    <a class="pin-link" href=${`/room/${room}/${seq}`}>
      <span class="pin-head"><bdi class="pin-name">${personName(author)}</bdi> <time class="soft small" datetime=${new Date(message.at).toISOString()}>${messageTime(message.at)}</time></span>
      <span class="pin-text" dir="auto">${text}</span>
      <span class="soft small">${pinner ? t("pins.by", { name: personName(pinner), time }) : t("pins.pinnedAt", { time })}</span>
    </a>
    ${unpin && html`<button type="button" class="icon-button" aria-label=${`${t("pins.unpin")}: ${text}`} title=${t("pins.unpin")} disabled=${isBusy} onClick=${unpin}>${icon(UNPIN, { size: 18 })}</button>`}
  </li>`;
}
