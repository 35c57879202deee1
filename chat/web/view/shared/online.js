// Whether this device has a network. If it has and nothing answers, the server is down.

import { useEffect, useState } from "../../vendor/preact.js";

export function useIsOnline() {
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    update();
    for (const event of ["online", "offline"]) addEventListener(event, update);
    return () => {
      for (const event of ["online", "offline"]) removeEventListener(event, update);
    };
  }, []);
  return isOnline;
}
