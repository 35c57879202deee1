// The timeline's rows other than messages: days, joins, the divider above new messages, gaps, and the start of the room.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { daysAgo, joinedNames } from "../../model/timeline.js";
import { language, t, tn } from "../../i18n/index.js";
import { EmptyRoom } from "./empty_room.js";
import { useChat, useSelected } from "../shared/context.js";
import { memo } from "../shared/memo.js";
import { roomName } from "../shared/names.js";
import { problemText } from "../shared/problem.js";

/** @typedef {import("../../model/types").Message} Message */

/** The day of a time, in the reader's time zone. @param {number} at */
export function dayOf(at) {
  return new Date(at).toDateString();
}

export const DayRow = memo(function DayRow(/** @type {{ at: number, today: number }} */ { at, today }) {
  return html`<li class="timeline-day"><time datetime=${isoDay(at)}>${dayName(at, today)}</time></li>`;
});

/** Today, yesterday, or the date. @param {number} at @param {number} today */
function dayName(at, today) {
  const ago = daysAgo(at, today);
  if (ago === 0 || ago === 1) {
    const name = new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(-ago, "day");
    return name.charAt(0).toLocaleUpperCase(language()) + name.slice(1);
  }
  const isThisYear = new Date(at).getFullYear() === new Date(today).getFullYear();
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { weekday: "long", day: "numeric", month: "long", ...(isThisYear ? {} : { year: "numeric" }) };
  return new Intl.DateTimeFormat(language(), options).format(at);
}

/** The day in ISO form, in the reader's time zone. @param {number} at */
function isoDay(at) {
  const date = new Date(at);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

export function NewDivider() {
  return html`<li class="timeline-new"><span>${t("timeline.new")}</span></li>`;
}

/** @param {{ messages: readonly Message[] }} props */
export function JoinsRow({ messages }) {
  const { names, others } = joinedNames(messages);
  const list = new Intl.ListFormat(language(), { type: "conjunction" });
  const text = others
    ? tn("timeline.joinedOthers", others, { name: names[0] })
    : tn("timeline.joined", names.length, { names: list.format(names) });
  const first = messages[0].seq;
  const last = messages[messages.length - 1].seq;
  return html`<li class="timeline-joins" data-seq=${first} data-last=${last} data-key=${`joins-${first}`} dir="auto">${text}</li>`;
}

const STARTS = /** @type {const} */ ({
  room: "timeline.startRoom",
  lobby: "timeline.startLobby",
  direct: "timeline.startDirect",
  support: "timeline.startSupport",
});

/** @param {{ info: import("../../model/types").RoomInfo }} props */
export function StartRow({ info }) {
  return html`<li class="timeline-start">
    <h2 dir="auto">${roomName(info)}</h2>
    <p class="soft">${t(STARTS[info.kind], { name: roomName(info) })}</p>
    ${info.topic && html`<p dir="auto">${info.topic}</p>`}
    <${EmptyRoom} info=${info} />
  </li>`;
}

/**
 * Messages that are not loaded. The row loads them when it is rendered, and again with the next connection.
 * @param {{ room: number, gap: string, page: { before?: number, after?: number, around?: number } }} props
 */
export function GapRow({ room, gap, page }) {
  const chat = useChat();
  const isLive = useSelected((state) => state.connection.state === "live");
  const [failure, setFailure] = useState("");
  const load = () => {
    setFailure("");
    chat.loadMessages(room, page).catch((/** @type {import("../../model/types").ChatError} */ error) => {
      if (error.code !== "offline") setFailure(problemText(error));
    });
  };
  useEffect(() => {
    if (isLive) load();
  }, [isLive, room, gap]);
  return html`<li class="timeline-gap">
    ${failure && html`<span role="alert">${failure}</span> <button type="button" class="button small" onClick=${load}>${t("common.retry")}</button>`}
    ${!failure && isLive && html`<span class="spinner" role="status" aria-label=${t("timeline.loading")}></span>`}
    ${!failure && !isLive && html`<span class="soft">${t("timeline.gapOffline")}</span>`}
  </li>`;
}
