// Small choices of this browser: theme, folded sections, the last room. Where nothing can be kept they hold for the page.

import { useEffect, useState } from "../../vendor/preact.js";

const PREFIX = "chat.";
/** @type {Map<string, string>} */
const held = new Map();
/** @type {Set<() => void>} */
const listeners = new Set();

/**
 * @param {string} name
 * @param {string} [otherwise] what it is where nothing was chosen
 * @returns {string}
 */
export function preference(name, otherwise = "") {
  const now = held.get(name);
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
  held.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Storage is blocked or full: the choice holds until the page is left.
  }
  for (const listener of listeners) listener();
}

/**
 * A choice, drawn again when it changes.
 * @param {string} name
 * @param {string} [otherwise]
 * @returns {[string, (value: string) => void]}
 */
export function usePreference(name, otherwise = "") {
  const [value, setValue] = useState(() => preference(name, otherwise));
  useEffect(() => {
    const look = () => setValue(preference(name, otherwise));
    listeners.add(look);
    return () => void listeners.delete(look);
  }, [name, otherwise]);
  return [value, (next) => choose(name, next)];
}
