// Today's date; views that use it are rendered again at midnight.

import { useEffect, useState } from "../../vendor/preact.js";
import { midnight } from "../../model/timeline.js";

/** The start of today, in milliseconds. */
export function useToday() {
  const [today, setToday] = useState(() => midnight(Date.now()));
  useEffect(() => {
    const update = () => setToday(midnight(Date.now()));
    const timer = setTimeout(update, new Date(today).setHours(24) - Date.now());
    document.addEventListener("visibilitychange", update); // the computer may have slept past midnight
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", update);
    };
  }, [today]);
  return today;
}
