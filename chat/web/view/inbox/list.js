// The list of conversations, with keyboard control. Only the visible part of a long list is rendered.

import { html, useEffect, useLayoutEffect, useReducer, useRef } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { focusComposer } from "../shared/composer_target.js";
import { useSelected } from "../shared/context.js";
import { letterOfKey } from "../controls/key_letter.js";
import { navigate } from "../shared/router.js";
import { remToPixels, visibleRows, useScrollView } from "../controls/visible_rows.js";
import { ConversationRow } from "./row.js";
import { useNow } from "./waiting_time.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

/** Height of a row in rem; style/inbox.css has the same. */
const ROW = 4.75;

/**
 * @param {{
 *   infos: readonly RoomInfo[], current?: number, onKey: (key: string, info: RoomInfo) => boolean, onEnd?: () => void,
 *   loaded?: number, isBusy?: boolean, children?: unknown,
 * }} props `onKey` receives the keys that do not move, with the active row; `onEnd` is called near the end, and again
 *   there when more of the `loaded` are shown or not
 */
export function ConversationList({ infos, current, onKey, onEnd, loaded, isBusy = false, children }) {
  const now = useNow();
  const me = useSelected((state) => state.me?.id);
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const sight = useScrollView(list);
  const height = remToPixels(ROW);
  const { first, end } = visibleRows(sight, { count: infos.length, height });
  const { at, choose } = useActive(infos, current);
  const drawnAt = at();
  const active = infos[drawnAt]?.id;

  useEffect(() => {
    if (end >= infos.length - 1 && !isBusy) onEnd?.();
  }, [end, infos.length, loaded, isBusy]);
  useLayoutEffect(() => keepInSight(list.current, drawnAt * height, height), [active]);

  const act = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = letterOfKey(event);
    const place = at();
    const to = moved(key, place, infos.length);
    if (to !== null) choose(to);
    else if (place < 0) return;
    else if (key === "Enter") open(infos[place].id);
    else if (!onKey(key, infos[place])) return;
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

/** Focus the list, if it is visible. */
export function focusConversations() {
  /** @type {HTMLElement | null} */ (document.querySelector(".conversations > ul"))?.focus();
}

/** @param {number | undefined} id */
function rowId(id) {
  return `conversation-${id}`;
}

/**
 * The active row, on which keys act. It changes at once, because the next key may come before the next render. If it leaves
 * the list, the row in its place becomes active.
 * @param {readonly RoomInfo[]} infos
 * @param {number | undefined} current
 * @returns {{ at: () => number, choose: (index: number) => void }}
 */
function useActive(infos, current) {
  const [, draw] = useReducer((/** @type {number} */ count) => count + 1, 0);
  const active = useRef({ id: current, index: 0 }).current;
  useLayoutEffect(() => {
    if (current !== undefined) active.id = current;
    draw(0);
  }, [current]);
  const at = () => {
    const found = infos.findIndex(({ id }) => id === active.id);
    if (found >= 0) active.index = found;
    return Math.min(active.index, infos.length - 1);
  };
  const choose = (/** @type {number} */ index) => {
    active.id = infos[index]?.id;
    active.index = index;
    draw(0);
  };
  return { at, choose };
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
