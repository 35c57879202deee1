// What the browser's tab says of the place that is shown.

import { useEffect } from "../vendor/preact.js";

/** @param {string} title */
export function useTitle(title) {
  useEffect(() => {
    document.title = title;
  }, [title]);
}
