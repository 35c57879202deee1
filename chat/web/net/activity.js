// Forgets what others do in a room once they no longer repeat it.

import { forgetActivity } from "../model/apply.js";

/** @import { Store } from "../model/store.js" */

/** Milliseconds between two looks, while there is something to forget. */
const LOOK = 1_000;

/** @param {Store} store */
export function startForgetting(store) {
  let isScheduled = false;

  function look() {
    isScheduled = false;
    store.update((state) => forgetActivity(state, Date.now()));
    schedule();
  }

  function schedule() {
    if (isScheduled || store.get().activity.size === 0) return;
    isScheduled = true;
    setTimeout(look, LOOK);
  }

  store.subscribe(schedule);
}
