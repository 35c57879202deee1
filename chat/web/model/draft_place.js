// The text in one composer and the draft that the server keeps of it: which of the two counts, and when the page sends it.
// Pure: times are given, and nothing waits.

/** Milliseconds after the last key until the draft is sent. */
export const PAUSE = 1000;

/** Milliseconds between two drafts that this page sends. */
export const LEAST = 3000;

/** Milliseconds after the last key in which nothing is replaced. */
export const QUIET = 5000;

/** @typedef {{ text: string, reply?: number }} Text */

/**
 * @typedef {object} Place
 * @property {Text} now what is in the field
 * @property {Text & { at: number }} agreed what the server and this page had last; `at` 0: nothing yet
 * @property {number} [typed] when the field changed after that; undefined: it did not
 * @property {number} [input] when a key was pressed last
 */

/** @returns {Place} */
export function newPlace() {
  return { now: { text: "" }, agreed: { text: "", at: 0 } };
}

/** @param {{ text: string, reply?: number }} draft @returns {Text} */
export function textOf({ text, reply }) {
  return { text, ...(reply && { reply }) };
}

/** @param {Text} one @param {Text} other */
export function isSame(one, other) {
  return one.text === other.text && one.reply === other.reply;
}

/**
 * A draft that was stored in this browser: one that was agreed upon (`at`), or typed since (`typed`). One of earlier versions has
 * neither, and is older than any on the server.
 * @param {Place} place
 * @param {Text & { at?: number, typed?: number }} stored
 */
export function restore(place, { text, reply, at, typed }) {
  place.now = textOf({ text, reply });
  if (at !== undefined) place.agreed = { ...place.now, at };
  if (typed !== undefined) place.typed = typed;
  else if (at === undefined && text) place.typed = 1;
}

/** The field has this now. @param {Place} place @param {Text} next @param {number} time */
export function change(place, next, time) {
  if (isSame(place.now, next)) return;
  place.now = next;
  place.input = time;
  place.typed = isSame(next, place.agreed) ? undefined : time;
}

/**
 * What the server keeps. Returns the text that the field gets, if it gets another one.
 * @param {Place} place
 * @param {Text & { at: number }} kept
 * @returns {Text | undefined}
 */
export function receive(place, { text, reply, at }) {
  const next = textOf({ text, reply });
  if (isSame(place.now, next)) {
    place.agreed = { ...next, at: Math.max(at, place.agreed.at) };
    place.typed = undefined;
    return undefined;
  }
  if (place.typed !== undefined || at <= place.agreed.at) return undefined; // the server says which was typed last
  place.agreed = { ...next, at };
  place.now = next;
  return next;
}

/**
 * The answer to a draft that was sent. Returns whether it is what was sent; otherwise another was typed later elsewhere.
 * @param {Place} place
 * @param {Text} sent
 * @param {number} typed
 * @param {Text & { at: number }} answer
 * @param {number} time
 */
export function settle(place, sent, typed, answer, time) {
  const isOurs = isSame(sent, textOf(answer));
  if (isOurs) {
    place.agreed = { ...sent, at: answer.at };
    place.typed = isSame(place.now, sent) ? undefined : (place.typed ?? time); // the field was changed, perhaps emptied, meanwhile
  } else if (place.typed === typed) place.typed = undefined;
  return isOurs;
}

/** When nothing is under the fingers any more. @param {Place} place */
export function quietAt({ input }) {
  return input === undefined ? 0 : input + QUIET;
}

/** What is stored in this browser. @param {Place} place @returns {Text & { at?: number, typed?: number }} */
export function storedOf({ now, agreed, typed }) {
  return { ...now, ...(typed !== undefined ? { typed } : agreed.at && { at: agreed.at }) };
}
