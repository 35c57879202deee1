// What the browser's tab is called: the place, then the server.

import { useEffect } from "../vendor/preact.js";
import { useSelected } from "./context.js";

/** @param {string} place */
export function useTitle(place) {
  const server = useSelected((state) => state.server?.name);
  useEffect(() => {
    document.title = [place, server].filter(Boolean).join(" · ");
  }, [place, server]);
}
