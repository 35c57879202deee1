// When the computer or the page may have slept, and whether somebody is at the screen.

/** Milliseconds between two looks at the clock, and those that may be missing between them. */
const LOOK = 500;
const MISSING = 10_000;

/** Milliseconds of sleep after which the server, whose pings were not answered, has left. */
const LONG = 35_000;

/** Milliseconds until who has left the page is away. */
const AWAY_AFTER = 300_000;

/** @param {(isLong: boolean) => void} wake called where the line may be dead without anybody knowing */
export function startWaking(wake) {
  let looked = Date.now();
  const missing = () => {
    const before = looked;
    looked = Date.now();
    return looked - before - LOOK;
  };
  setInterval(() => {
    const slept = missing();
    if (slept > MISSING) wake(slept > LONG);
  }, LOOK);
  const look = () => wake(missing() > LONG);
  document.addEventListener("visibilitychange", () => !document.hidden && look());
  addEventListener("online", look);
  addEventListener("pageshow", ({ persisted }) => persisted && look());
}

/** @param {(state: "online" | "away") => void} tell */
export function startStatus(tell) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isAway = false;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) {
      timer = setTimeout(() => {
        isAway = true;
        tell("away");
      }, AWAY_AFTER);
    } else if (isAway) {
      isAway = false;
      tell("online");
    }
  });

  /** A new connection is online until it says otherwise. */
  return () => isAway && tell("away");
}
