// When the computer or the page may have slept, and whether somebody is at the screen.

/** Milliseconds between two looks at the clock, and those that may be missing between them. */
const LOOK = 2_000;
const MISSING = 10_000;

/** Milliseconds until who has left the page is away. */
const AWAY_AFTER = 300_000;

/** @param {() => void} wake called where the line may be dead without anybody knowing */
export function startWaking(wake) {
  let looked = Date.now();
  setInterval(() => {
    const now = Date.now();
    const isMissing = now - looked > MISSING + LOOK;
    looked = now;
    if (isMissing) wake();
  }, LOOK);
  document.addEventListener("visibilitychange", () => !document.hidden && wake());
  addEventListener("online", wake);
  addEventListener("pageshow", ({ persisted }) => persisted && wake());
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
