// Preferences of this browser: theme, folded sections, the last room. Without storage they last until the page is closed.

import { useEffect, useState } from "../../vendor/preact.js";

const PREFIX = "chat.";
/** @type {Map<string, string>} */
const cached = new Map();
/** @type {Set<() => void>} */
const listeners = new Set();

/**
 * @param {string} name
 * @param {string} [otherwise] the default
 * @returns {string}
 */
export function preference(name, otherwise = "") {
  const now = cached.get(name);
  if (now !== undefined) return now;
  try {
    return localStorage.getItem(PREFIX + name) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/**
 * @param {string} name
 * @param {string} value
 */
export function choose(name, value) {
  cached.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Storage is blocked or full: the choice lasts until the page is closed.
  }
  for (const listener of listeners) listener();
}

/**
 * A preference; the view is rendered again when it changes.
 * @param {string} name
 * @param {string} [otherwise]
 * @returns {[string, (value: string) => void]}
 */
export function usePreference(name, otherwise = "") {
  const [value, setValue] = useState(() => preference(name, otherwise));
  useEffect(() => {
    const update = () => setValue(preference(name, otherwise));
    listeners.add(update);
    return () => void listeners.delete(update);
  }, [name, otherwise]);
  return [value, (next) => choose(name, next)];
}
