// Says things to screen readers: one line a second at most, the others together in the next.

import { html, useEffect, useState } from "../../vendor/preact.js";

const PAUSE = 1000;
/** Milliseconds after which a text that was told is taken away: what it says may be deleted meanwhile. */
const CLEARED_IN = 5000;

/** @type {string[]} */
const waiting = [];
/** @type {((text: string) => void) | null} */
let say = null;
/** @type {ReturnType<typeof setTimeout> | null} */
let pause = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let clearing;

/**
 * Have something read out after what is being read.
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
  clearing = setTimeout(() => say?.(""), CLEARED_IN);
}

/** The place that screen readers listen to; once on the page. */
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
