// What the browser's tab is called: how much asks for attention, the place, the server.

import { useEffect } from "../vendor/preact.js";
import { attentionOf } from "../model/attention.js";
import { useSelected } from "./context.js";

/** @param {string} place */
export function useTitle(place) {
  const server = useSelected((state) => state.server?.name);
  const count = useSelected((state) => attentionOf(state.rooms.values()).count);
  useEffect(() => {
    const name = [place, server].filter(Boolean).join(" · ");
    document.title = count ? `(${count > 99 ? "99+" : count}) ${name}` : name;
  }, [place, server, count]);
}
