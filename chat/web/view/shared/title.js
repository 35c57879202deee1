// What the browser's tab is called: how much asks for attention, the place, the server.

import { useEffect } from "../../vendor/preact.js";
import { countAttention } from "../../model/attention.js";
import { useSelected } from "./context.js";

/** Milliseconds until the page of somebody who looks at it counts: what is read at once does not flicker. */
const LATER = 1500;

/** @param {string} place */
export function useTitle(place) {
  const server = useSelected((state) => state.server?.name);
  const count = useSelected((state) => countAttention(state.rooms.values()).count);
  useEffect(() => {
    const name = [place, server].filter(Boolean).join(" · ");
    if (!name) return undefined; // before anything is known, the page's own stays
    if (!count) document.title = name;
    if (!count) return undefined;
    const timer = setTimeout(
      () => {
        document.title = `(${count > 99 ? "99+" : count}) ${name}`;
      },
      document.hasFocus() ? LATER : 0,
    );
    return () => clearTimeout(timer);
  }, [place, server, count]);
}
