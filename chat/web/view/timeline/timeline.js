// A room's messages: a window of them, at any place, that extends as the reader scrolls.

import { html, useEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { rightsIn } from "../../model/rights.js";
import * as timeline from "../../model/timeline.js";
import { parts } from "../../features/registry.js";
import { t } from "../../i18n/index.js";
import { useChat, useSelected } from "../shared/context.js";
import { useSent } from "../shared/sent.js";
import { useScrollAnchor } from "./scroll_anchor.js";
import { MessageRow } from "../message/message.js";
import { useMessageActions } from "../message/message_actions.js";
import { useNewDivider, useReadMark } from "./new_divider.js";
import { useAnnouncedMessages } from "./screen_reader.js";
import { actOnKey } from "./keys.js";
import { Failure, Pills, ResetNotice } from "./notices.js";
import { DayRow, GapRow, JoinsRow, NewDivider, StartRow, dayOf } from "./rows.js";
import { useSenders } from "./senders.js";
import { useWindow } from "./window.js";
import { useToday } from "../shared/today.js";
import { TopAuthor } from "./top_author.js";
import { Typing } from "../composer/typing.js";
import { PendingRow } from "../message/pending_row.js";

/** @typedef {import("../../model/types").Room} Room */
/** @typedef {import("../../model/types").PendingMessage} PendingMessage */
/** @typedef {import("../../model/timeline.js").Row} Row */

/**
 * The timeline of a room, opened at its end, at new messages, or at one message.
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
  const pending = useSelected((state) => state.outbox.filter((one) => one.room === info.id));
  const [focused, setFocused] = useState(/** @type {number | null} */ (null));
  const [failure, setFailure] = useState("");
  const anchor = useScrollAnchor(scroller);
  const newAfter = useNewDivider(room, anchor);
  const at = useWindow(room, { seq, newAfter }, anchor, scroller);
  const today = useToday();
  const rights = useMemo(() => rightsIn(info, me), [info, me]);
  const { actions, dialogs } = useMessageActions(room, rights, at.goTo, setFailure);
  const rows = timeline.rows(room, at.window, { newAfter, oldest: info.first, dayOf });
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => actOnKey(event, { messages: room.messages, actions, setFocused });
  useAnnouncedMessages(room);
  useReadMark(room, at.isAtEnd);
  useSent(at.goToEnd, info.id);
  useFeatures(info.id);
  useSenders(rows.flatMap((row) => (row.kind === "message" ? [row.message.sender.id] : [])));

  const seqs = rows.flatMap((row) => (row.kind === "message" ? [row.seq] : []));
  const focusable = focused !== null && seqs.includes(focused) ? focused : seqs.at(-1);
  const lastOwn = rows.findLast((row) => row.kind === "message" && row.message.sender.id === me?.id && !row.message.deleted);

  const draw = (/** @type {Row} */ row) => {
    switch (row.kind) {
      case "message":
        return html`<${MessageRow} key=${row.key} message=${row.message} me=${me?.id} isFirst=${row.isFirst}
          isBlocked=${blocked.has(row.message.sender.id)} isFocusable=${row.seq === focusable} isMarked=${row.seq === at.marked}
          isLastOwn=${row === lastOwn} canSpeak=${rights.canSpeak} actions=${actions} />`;
      case "day":
        return html`<${DayRow} key=${row.key} at=${row.at} today=${today} />`;
      case "joins":
        return html`<${JoinsRow} key=${row.key} messages=${row.messages} />`;
      case "new":
        return html`<${NewDivider} key="new" />`;
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
          pending.map((one, i) => html`<${PendingRow} key=${`waiting-${one.key}`} pending=${one} me=${me} isFirst=${i === 0 && !continuesLastGroup(rows, one, me.id)} goTo=${at.goTo} />`)
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

/** Whether a pending message continues the group above it. @param {readonly Row[]} rows @param {PendingMessage} pending @param {number} me */
function continuesLastGroup(rows, pending, me) {
  const last = rows.at(-1);
  return last?.kind === "message" && last.message.sender.id === me && timeline.continuesGroup(last.message.at, pending.at);
}

/** Let features know that the room is shown. @param {number} room */
function useFeatures(room) {
  const chat = useChat();
  useEffect(() => {
    const ends = parts("onRoomShown").map((begin) => begin(chat, room));
    return () => {
      for (const end of ends) end();
    };
  }, [chat, room]);
}
