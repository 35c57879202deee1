// What the screen is like: a media query that a view follows.

import { useEffect, useState } from "../../vendor/preact.js";

/** One thing at a time: rooms, then the room, then its panel. The same width stands in style/shell.css. */
export const PHONE = "(width < 48rem)";

/** A finger, which needs more room than a pointer. */
export const COARSE = "(pointer: coarse)";

/**
 * @param {string} query
 * @returns {boolean}
 */
export function useMedia(query) {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const look = () => setMatches(list.matches);
    look();
    list.addEventListener("change", look);
    return () => list.removeEventListener("change", look);
  }, [query]);
  return matches;
}
