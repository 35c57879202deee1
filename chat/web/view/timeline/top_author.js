// The sender and time of the first message in sight, shown over the list while that message's own name is out of sight.

import { html, useEffect, useLayoutEffect, useState } from "../../vendor/preact.js";
import { useSelected } from "../shared/context.js";
import { firstBelow } from "./scroll_anchor.js";
import { personName } from "../shared/names.js";
import { clock } from "../shared/times.js";

/** Its height in pixels. */
const HEIGHT = 28;

/**
 * @param {{ room: import("../../model/types").Room, scroller: { current: HTMLElement | null } }} props
 */
export function TopAuthor({ room, scroller }) {
  const [seq, setSeq] = useState(/** @type {number | null} */ (null));
  const update = () => setSeq(scroller.current ? continued(scroller.current) : null);
  useLayoutEffect(update); // the rendered rows may have changed
  useEffect(() => {
    const element = scroller.current;
    element?.addEventListener("scroll", update, { passive: true });
    return () => element?.removeEventListener("scroll", update);
  }, []);
  const message = seq === null ? undefined : room.messages.get(seq);
  const person = useSelected((state) => message && state.people.get(message.sender.id)) ?? message?.sender;
  const isBlocked = useSelected((state) => message !== undefined && state.blocked.has(message.sender.id));
  if (!message || !person || isBlocked) return null;
  return html`<div class="timeline-top" aria-hidden="true"><bdi>${personName(person)}</bdi> <span>${clock(message.at)}</span></div>`;
}

/** The seq of the first message in sight, if its name is not. @param {HTMLElement} scroller */
function continued(scroller) {
  const { top } = scroller.getBoundingClientRect();
  const row = firstBelow(scroller, HEIGHT);
  if (!row?.matches(".message-row") || row.getBoundingClientRect().top > top + HEIGHT) return null;
  const name = row.querySelector(".message-name");
  return name && name.getBoundingClientRect().bottom > top ? null : Number(row.dataset.seq);
}
