// The other tabs of this browser: what they are told, and what only one of them does at a time.

/**
 * @typedef {{ type: "outbox" }
 *   | { type: "acknowledged", key: string, room: number, seq: number }
 *   | { type: "logged_in", me: number }
 *   | { type: "shared", shared: boolean }
 *   | { type: "logged_out" }} Told
 */

/** @typedef {ReturnType<typeof openTabs>} Tabs */

/** @param {(told: Told) => void} onTold */
export function openTabs(onTold) {
  const channel = new BroadcastChannel("chat");
  channel.onmessage = ({ data }) => onTold(data);

  return {
    /** @param {Told} told */
    tell: (told) => channel.postMessage(told),
  };
}

/**
 * Do something that only one tab does at a time. Where there are no locks (a page that is not secure) it is just done.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} task
 * @param {AbortSignal} [signal] ends the waiting for one's turn
 * @returns {Promise<T>}
 */
export async function alone(name, task, signal) {
  if (!navigator.locks) return task();
  let isMine = false;
  const mine = () => {
    isMine = true;
    return task();
  };
  try {
    return await navigator.locks.request(`chat-${name}`, signal ? { signal } : {}, mine);
  } catch (error) {
    if (isMine || signal?.aborted) throw error;
    return task(); // a frame on another site, in which the browser allows nothing that is kept
  }
}
