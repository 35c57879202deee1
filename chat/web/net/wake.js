// Detects that the computer or the page may have slept, and that the page was left for long.

/** Milliseconds between two looks at the clock, and how many may be missing between them before it counts as sleep. */
const CHECK_INTERVAL = 500;
const SLEEP_AFTER = 10_000;

/** Milliseconds of sleep after which the server has closed the connection, because its pings were not answered. */
const LONG_SLEEP = 35_000;

/** Milliseconds after leaving the page until this person is away. */
const AWAY_AFTER = 300_000;

/** @param {(isLong: boolean) => void} wake called when the connection may be dead without anybody having noticed */
export function startWaking(wake) {
  let checkedAt = Date.now();
  const missing = () => {
    const before = checkedAt;
    checkedAt = Date.now();
    return checkedAt - before - CHECK_INTERVAL;
  };
  setInterval(() => {
    const slept = missing();
    if (slept > SLEEP_AFTER) wake(slept > LONG_SLEEP);
  }, CHECK_INTERVAL);
  const check = () => wake(missing() > LONG_SLEEP);
  document.addEventListener("visibilitychange", () => !document.hidden && check());
  addEventListener("online", check);
  addEventListener("pageshow", ({ persisted }) => persisted && check());
}

/**
 * @param {(state: "online" | "away") => void} send
 * @returns {() => void} to be called for each new connection, which is online until it reports another status
 */
export function startAwayStatus(send) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isAway = false;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) {
      timer = setTimeout(() => {
        isAway = true;
        send("away");
      }, AWAY_AFTER);
    } else if (isAway) {
      isAway = false;
      send("online");
    }
  });
  return () => isAway && send("away");
}
