// The messages of a room: a window of them by seq, at any place, that is loaded further as one scrolls.

import { html, useLayoutEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { rightsIn } from "../../model/rights.js";
import * as timeline from "../../model/timeline.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { useKeptPlace } from "./scroll_anchor.js";
import { MessageRow } from "../message/message.js";
import { useMessageActs } from "../message/message_actions.js";
import { useNewLine, useReading } from "./new_divider.js";
import { useTelling } from "./screen_reader.js";
import { actOnKey } from "./keys.js";
import { Failure, Pills, ResetNotice } from "./notices.js";
import { DayRow, GapRow, JoinsRow, NewLine, StartRow, dayOf } from "./rows.js";
import { useWindow } from "./window.js";
import { useToday } from "../shared/today.js";
import { TopAuthor } from "./top_author.js";
import { Typing } from "../composer/typing.js";
import { WaitingRow } from "../message/pending_row.js";

/** @typedef {import("../../model/types").Room} Room */
/** @typedef {import("../../model/types").Waiting} Waiting */
/** @typedef {import("../../model/timeline.js").Row} Row */

/**
 * The timeline of a room that one is in, at its end, at what is new, or at one message.
 * @param {{ room: number, seq?: number }} props
 */
export function Timeline({ room: id, seq }) {
  const room = useSelected((state) => state.rooms.get(id));
  return room && html`<${OpenTimeline} key=${id} room=${room} seq=${seq} />`;
}

/** @param {{ room: Room, seq?: number }} props */
function OpenTimeline({ room, seq }) {
  const { info } = room;
  const scroller = useRef(/** @type {HTMLElement | null} */ (null));
  const me = useSelected((state) => state.me);
  const blocked = useSelected((state) => state.blocked);
  const waiting = useSelected((state) => state.outbox.filter((one) => one.room === info.id));
  const [focused, setFocused] = useState(/** @type {number | null} */ (null));
  const [failure, setFailure] = useState("");
  const place = useKeptPlace(scroller);
  const line = useNewLine(room, place);
  const at = useWindow(room, { seq, line }, place, scroller);
  const today = useToday();
  const rights = useMemo(() => rightsIn(info, me), [info, me]);
  const { acts, dialogs } = useMessageActs(room, rights, at.goTo, setFailure);
  const rows = timeline.rows(room, at.window, { line, dayOf });
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => actOnKey(event, { messages: room.messages, me: me?.id, rights, acts, setFocused });
  useTelling(room);
  useReading(room, at.isAtEnd);
  useEnd(waiting, at.goToEnd);

  const seqs = rows.flatMap((row) => (row.kind === "message" ? [row.seq] : []));
  const focusable = focused !== null && seqs.includes(focused) ? focused : seqs.at(-1);
  const lastOwn = rows.findLast((row) => row.kind === "message" && row.message.sender.id === me?.id && !row.message.deleted);

  const draw = (/** @type {Row} */ row) => {
    switch (row.kind) {
      case "message":
        return html`<${MessageRow} key=${row.key} message=${row.message} me=${me?.id} isFirst=${row.isFirst}
          isBlocked=${blocked.has(row.message.sender.id)} isFocusable=${row.seq === focusable} isMarked=${row.seq === at.marked}
          isLastOwn=${row === lastOwn} canSpeak=${rights.speaks} acts=${acts} />`;
      case "day":
        return html`<${DayRow} key=${row.key} at=${row.at} today=${today} />`;
      case "joins":
        return html`<${JoinsRow} key=${row.key} messages=${row.messages} />`;
      case "line":
        return html`<${NewLine} key="line" />`;
      case "gap":
        return html`<${GapRow} key=${row.key} room=${info.id} gap=${`${row.first}-${row.last}`} page=${timeline.pageFor(row, at.window, info.seq)} />`;
      case "start":
        return html`<${StartRow} key="start" info=${info} />`;
    }
  };

  return html`<div class="timeline-frame">
    <${ResetNotice} key=${room.reset} reset=${room.reset} />
    <div class="timeline" ref=${scroller} onScroll=${at.onScroll} onWheel=${at.onTouched} onPointerDown=${at.onTouched} onKeyDown=${onKeyDown}>
      <ol class="timeline-rows" aria-label=${t("timeline.messages")}>
        ${rows.map(draw)}
        ${
          me &&
          at.window.last >= info.seq &&
          waiting.map((one, i) => html`<${WaitingRow} key=${`waiting-${one.key}`} waiting=${one} me=${me} isFirst=${i === 0 && !goesOn(rows, one, me.id)} goTo=${at.goTo} />`)
        }
      </ol>
    </div>
    <${TopAuthor} room=${room} scroller=${scroller} />
    <${Pills} info=${info} at=${at} />
    <${Failure} text=${failure} onClose=${() => setFailure("")} />
    <${Typing} room=${info.id} />
    ${dialogs}
  </div>`;
}

/** Whether a message that waits belongs to the group above it. @param {readonly Row[]} rows @param {Waiting} waiting @param {number} me */
function goesOn(rows, waiting, me) {
  const last = rows.at(-1);
  return last?.kind === "message" && last.message.sender.id === me && timeline.isSoon(last.message.at, waiting.at);
}

/** Whoever says something sees it. @param {readonly Waiting[]} waiting @param {() => void} goToEnd */
function useEnd(waiting, goToEnd) {
  const newest = waiting.at(-1)?.key;
  const known = useRef(newest);
  useLayoutEffect(() => {
    if (newest !== undefined && newest !== known.current) goToEnd();
    known.current = newest;
  }, [newest]);
}
