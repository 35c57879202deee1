// Media queries for views.

import { useEffect, useState } from "../../vendor/preact.js";

/** Shows one of rooms, room and panel at a time. style/shell.css has the same width. */
export const PHONE = "(width < 48rem)";

/** Touch, which needs larger targets. */
export const COARSE = "(pointer: coarse)";

/**
 * @param {string} query
 * @returns {boolean}
 */
export function useMedia(query) {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const update = () => setMatches(list.matches);
    update();
    list.addEventListener("change", update);
    return () => list.removeEventListener("change", update);
  }, [query]);
  return matches;
}

/** The main pointer is a finger: there is a keyboard on the screen, if any. */
export const TOUCH = "(hover: none) and (pointer: coarse)";
