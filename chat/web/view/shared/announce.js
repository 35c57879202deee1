// Announces texts to screen readers: at most one line a second, and texts that come together in one line.

import { html, useEffect, useState } from "../../vendor/preact.js";

const PAUSE = 1000;
/** Milliseconds after which an announced text is removed, because its message may be deleted meanwhile. */
const CLEAR_AFTER = 5000;

/** @type {string[]} */
const waiting = [];
/** @type {((text: string) => void) | null} */
let say = null;
/** @type {ReturnType<typeof setTimeout> | null} */
let pause = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let clearing;

/**
 * Announce a text after the current one.
 * @param {string} text
 */
export function announce(text) {
  waiting.push(text);
  if (pause === null) next();
}

function next() {
  pause = null;
  if (!say || waiting.length === 0) return;
  say(waiting.splice(0).join(". "));
  pause = setTimeout(next, PAUSE);
  clearTimeout(clearing);
  clearing = setTimeout(() => say?.(""), CLEAR_AFTER);
}

/** The live region of the page; rendered once. */
export function Announcer() {
  const [text, setText] = useState("");
  useEffect(() => {
    say = setText;
    next();
    return () => {
      say = null;
    };
  }, []);
  return html`<div class="visually-hidden" role="log" aria-live="polite">${text && html`<p key=${text}>${text}</p>`}</div>`;
}
