// Whether this device has a network at all: where it has, and nothing answers, it is the server that is down.

import { useEffect, useState } from "../../vendor/preact.js";

export function useIsOnline() {
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => setOnline(navigator.onLine);
    look();
    for (const event of ["online", "offline"]) addEventListener(event, look);
    return () => {
      for (const event of ["online", "offline"]) removeEventListener(event, look);
    };
  }, []);
  return isOnline;
}
