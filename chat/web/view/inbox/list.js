// The list of conversations, for the keyboard too. Of a long list only what is in sight is drawn.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { focusComposer } from "../composing.js";
import { useSelected } from "../context.js";
import { navigate } from "../router.js";
import { pixels, rowsInSight, useSight } from "../window.js";
import { ConversationRow } from "./row.js";
import { useNow } from "./waiting.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

/** Height of a row in rem: style/inbox.css has the same. */
const ROW = 4.75;

/**
 * @param {{
 *   infos: readonly RoomInfo[], current?: number, onKey: (key: string, info: RoomInfo) => boolean, onEnd?: () => void,
 *   isBusy?: boolean, children?: unknown,
 * }} props `onKey` is told other keys than those that move, with the row that is active; `onEnd` that the end comes near
 */
export function ConversationList({ infos, current, onKey, onEnd, isBusy = false, children }) {
  const now = useNow();
  const me = useSelected((state) => state.me?.id);
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const sight = useSight(list);
  const height = pixels(ROW);
  const { first, end } = rowsInSight(sight, { count: infos.length, height });
  const [active, setActive] = useActive(infos, current);
  const at = active === undefined ? -1 : infos.findIndex(({ id }) => id === active);

  useEffect(() => {
    if (end >= infos.length - 1) onEnd?.();
  }, [end, infos.length]);
  useLayoutEffect(() => keepInSight(list.current, at * height, height), [active]);

  const act = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = moved(event.key, at, infos.length);
    if (to !== null) setActive(infos[to]?.id);
    else if (event.key === "Enter" && at >= 0) open(infos[at].id);
    else if (at < 0 || !onKey(event.key, infos[at])) return;
    event.preventDefault();
  };
  const open = (/** @type {number} */ id) => (id === current ? focusComposer() : navigate(`/inbox/${id}`));
  const shown = infos.slice(first, end);
  return html`<div class="conversations" ref=${list}>
    ${infos.length > 0 && html`<ul
      class="list" role="listbox" tabindex="0" aria-label=${t("inbox.list")} aria-busy=${isBusy} onKeyDown=${act}
      aria-activedescendant=${shown.some(({ id }) => id === active) ? rowId(active) : undefined}
      style=${{ paddingBlockStart: `${first * height}px`, paddingBlockEnd: `${(infos.length - end) * height}px` }}
    >
      ${shown.map(
        (info, index) => html`<${ConversationRow}
          key=${info.id} id=${rowId(info.id)} info=${info} me=${me} now=${now} isActive=${info.id === active}
          isCurrent=${info.id === current} place=${first + index + 1} count=${infos.length}
        />`,
      )}
    </ul>`}
    ${children}
  </div>`;
}

/** Put the focus on the list, where it is in sight. */
export function focusConversations() {
  /** @type {HTMLElement | null} */ (document.querySelector(".conversations > ul"))?.focus();
}

/** @param {number | undefined} id */
function rowId(id) {
  return `conversation-${id}`;
}

/**
 * The row that keys act on. Where it has gone, as an answered one from those who wait, the one in its place has it.
 * @param {readonly RoomInfo[]} infos
 * @param {number | undefined} current
 * @returns {[number | undefined, (id: number | undefined) => void]}
 */
function useActive(infos, current) {
  const [active, setActive] = useState(current);
  const index = useRef(0);
  useEffect(() => {
    if (current !== undefined) setActive(current);
  }, [current]);
  const at = infos.findIndex(({ id }) => id === active);
  if (at >= 0) index.current = at;
  const shown = at >= 0 ? active : infos[Math.min(index.current, infos.length - 1)]?.id;
  return [shown, setActive];
}

/** @param {string} key @param {number} at @param {number} count @returns {number | null} */
function moved(key, at, count) {
  if (count === 0) return null;
  switch (key) {
    case "ArrowDown":
    case "j":
      return Math.min(at + 1, count - 1);
    case "ArrowUp":
    case "k":
      return Math.max(at - 1, 0);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}

/** @param {HTMLElement | null} list @param {number} top @param {number} height */
function keepInSight(list, top, height) {
  if (!list || top < 0) return;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + height > list.scrollTop + list.clientHeight) list.scrollTop = top + height - list.clientHeight;
}
