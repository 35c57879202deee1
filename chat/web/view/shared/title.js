// The title of the browser's tab: the number of messages that deserve attention, the place, the server.

import { useEffect } from "../../vendor/preact.js";
import { countAttention } from "../../model/attention.js";
import { useSelected } from "./context.js";

/** Milliseconds until the number is shown while the page has the focus, so that a message that is read at once does not
 * flicker. */
const DELAY = 1500;

/** @param {string} place */
export function useTitle(place) {
  const server = useSelected((state) => state.server?.name);
  const count = useSelected((state) => countAttention(state.rooms.values()).count);
  useEffect(() => {
    const name = [place, server].filter(Boolean).join(" · ");
    if (!name) return undefined; // nothing is known yet, so the page's own title stays
    if (!count) document.title = name;
    if (!count) return undefined;
    const timer = setTimeout(
      () => {
        document.title = `(${count > 99 ? "99+" : count}) ${name}`;
      },
      document.hasFocus() ? DELAY : 0,
    );
    return () => clearTimeout(timer);
  }, [place, server, count]);
}
