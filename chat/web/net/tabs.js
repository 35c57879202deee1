// The other tabs of this browser: messages between them, and work that only one of them does at a time.

/**
 * @typedef {{ type: "outbox" }
 *   | { type: "lost" }
 *   | { type: "acknowledged", key: string, room: number, seq: number }
 *   | { type: "logged_in", me: number }
 *   | { type: "shared", shared: boolean }
 *   | { type: "logged_out" }} TabMessage
 */

/** @typedef {ReturnType<typeof openTabs>} Tabs */

/** @param {(message: TabMessage) => void} onMessage */
export function openTabs(onMessage) {
  const channel = new BroadcastChannel("chat");
  channel.onmessage = ({ data }) => onMessage(data);

  return {
    /** @param {TabMessage} message */
    send: (message) => channel.postMessage(message),
  };
}

/**
 * Run a task that only one tab runs at a time. Without Web Locks (on an insecure page) it runs at once.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} task
 * @param {AbortSignal} [signal] stops waiting for the lock
 * @returns {Promise<T>}
 */
export async function withLock(name, task, signal) {
  if (!navigator.locks) return task();
  let isMine = false;
  const locked = () => {
    isMine = true;
    return task();
  };
  try {
    return await navigator.locks.request(`chat-${name}`, signal ? { signal } : {}, locked);
  } catch (error) {
    if (isMine || signal?.aborted) throw error;
    return task(); // a frame on another site, where the browser allows no storage
  }
}
