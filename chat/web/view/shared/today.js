// Which day is today, for what says so: drawn again at midnight.

import { useEffect, useState } from "../../vendor/preact.js";
import { midnight } from "../../model/timeline.js";

/** The beginning of today, in milliseconds. */
export function useToday() {
  const [today, setToday] = useState(() => midnight(Date.now()));
  useEffect(() => {
    const look = () => setToday(midnight(Date.now()));
    const timer = setTimeout(look, new Date(today).setHours(24) - Date.now());
    document.addEventListener("visibilitychange", look); // timers may have slept
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [today]);
  return today;
}
