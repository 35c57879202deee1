// Removes other people's typing and viewing from the state once they stop repeating it.

import { expireActivity } from "../model/apply.js";

/** @import { Store } from "../model/store.js" */

/** Milliseconds between two checks, while there is something to expire. */
const CHECK_INTERVAL = 1_000;

/** @param {Store} store */
export function startActivityExpiry(store) {
  let isScheduled = false;

  function check() {
    isScheduled = false;
    store.update((state) => expireActivity(state, Date.now()));
    schedule();
  }

  function schedule() {
    if (isScheduled || store.get().activity.size === 0) return;
    isScheduled = true;
    setTimeout(check, CHECK_INTERVAL);
  }

  store.subscribe(schedule);
}
