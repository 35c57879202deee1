// The window of a timeline: which messages of a room are drawn, by seq, and the rows they make. Pure.

/** @typedef {import("./types").Message} Message */
/** @typedef {import("./types").Room} Room */

/**
 * @typedef {object} Window the messages drawn, from `first` to `last`, both included; empty where `last` is less
 * @property {number} first
 * @property {number} last
 *
 * @typedef {{ kind: "start", key: string }} StartRow
 * @typedef {{ kind: "gap", key: string, first: number, last: number }} GapRow messages that are not held yet
 * @typedef {{ kind: "day", key: string, at: number }} DayRow
 * @typedef {{ kind: "line", key: string }} LineRow above what is new
 * @typedef {{ kind: "joins", key: string, seq: number, messages: Message[] }} JoinsRow
 * @typedef {{ kind: "message", key: string, seq: number, message: Message, isFirst: boolean }} MessageRow
 *   `isFirst` begins a group of one speaker
 * @typedef {StartRow | GapRow | DayRow | LineRow | JoinsRow | MessageRow} Row
 */

/** Most messages that are drawn, */
export const MOST = 200;
/** and where so many are not enough to fill the screen: it is very high, or many are folded into one row. */
export const MOST_IN_SIGHT = 1000;
/** As many are drawn at first, and stay where somebody reads along at the end. */
export const FEW = 100;
/** As many more at a time, where somebody scrolls. */
export const STEP = 50;
/** One speaker's messages are a group while no more than this, in ms, lies between two of them. */
const GROUP = 5 * 60_000;
/** Where so much time has begun anew since midnight or so, in ms, a group is said anew too: it has a time to be read. */
const SPELL = 15 * 60_000;

/** The window at the end of a room. @param {number} newest @returns {Window} */
export function atEnd(newest) {
  return { first: Math.max(1, newest - FEW + 1), last: newest };
}

/** The window around a place. @param {number} seq @param {number} newest @returns {Window} */
export function around(seq, newest) {
  const at = Math.min(Math.max(seq, 1), Math.max(newest, 1));
  return { first: Math.max(1, at - FEW / 2), last: Math.min(newest, at + FEW / 2) };
}

/**
 * Further back; what lies too far ahead is dropped, unless it is in sight. The same window where that would be too much.
 * @param {Window} window
 * @param {Window} seen of it, what is in sight or nearly
 * @returns {Window}
 */
export function older(window, seen) {
  const first = Math.max(1, window.first - STEP);
  const last = Math.min(window.last, Math.max(first + MOST - 1, seen.last));
  return last - first < MOST_IN_SIGHT ? { first, last } : window;
}

/**
 * Further ahead; what lies too far back is dropped, unless it is in sight. The same window where that would be too much.
 * @param {Window} window
 * @param {number} newest
 * @param {Window} seen of it, what is in sight or nearly
 * @returns {Window}
 */
export function newer(window, newest, seen) {
  const last = Math.min(newest, window.last + STEP);
  const first = Math.max(window.first, Math.min(last - MOST + 1, seen.first));
  return last - first < MOST_IN_SIGHT ? { first, last } : window;
}

/** As it is after more was said: a window that was at the end stays there. @param {Window} window @param {number} newest @returns {Window} */
export function follow({ first, last }, newest) {
  return { first: Math.max(first, newest - Math.max(FEW, Math.min(last - first + 1, MOST)) + 1, 1), last: newest };
}

/** What of a window is not held. @param {Window} window @param {Room["held"]} held @returns {Window[]} */
export function gaps({ first, last }, held) {
  const found = [];
  let next = first;
  for (const [begin, end] of held) {
    if (end < next) continue;
    if (begin > last) break;
    if (begin > next) found.push({ first: next, last: begin - 1 });
    next = end + 1;
  }
  if (next <= last) found.push({ first: next, last });
  return found;
}

/**
 * The page to ask for so that a gap of a window closes from where the reader is.
 * @param {Window} gap
 * @param {Window} window
 * @param {number} newest
 * @returns {{ before?: number, after?: number, around?: number }}
 */
export function pageFor(gap, window, newest) {
  const isWhole = gap.first === window.first && gap.last === window.last;
  if (isWhole && gap.last < newest) return { around: Math.ceil((gap.first + gap.last) / 2) };
  if (gap.first > window.first && gap.last === window.last && gap.last < newest) return { after: gap.first - 1 };
  return { before: gap.last + 1 };
}

/**
 * The rows of a window.
 * @param {Pick<Room, "messages" | "held">} room
 * @param {Window} window
 * @param {{ line?: number, dayOf: (at: number) => string }} options `line`: what comes after this seq is new
 * @returns {Row[]}
 */
export function rows(room, window, { line, dayOf }) {
  /** @type {Row[]} */
  const made = [];
  const missing = gaps(window, room.held);
  if (window.first <= 1 && missing[0]?.first !== 1) made.push({ kind: "start", key: "start" });
  /** @type {Message | undefined} */
  let before;
  for (let seq = window.first; seq <= window.last; seq++) {
    const gap = missing[0];
    if (gap && seq === gap.first) {
      missing.shift();
      made.push({ kind: "gap", key: `gap-${gap.last}`, ...gap });
      before = undefined;
      seq = gap.last;
      continue;
    }
    const message = room.messages.get(seq);
    if (!message) continue;
    addMessage(made, message, before, { line, dayOf });
    before = message;
  }
  return made;
}

/**
 * @param {Row[]} made
 * @param {Message} message
 * @param {Message | undefined} before
 * @param {{ line?: number, dayOf: (at: number) => string }} options
 */
function addMessage(made, message, before, { line, dayOf }) {
  const { seq, at } = message;
  const isOtherDay = !before || dayOf(before.at) !== dayOf(at);
  if (isOtherDay) made.push({ kind: "day", key: `day-${seq}`, at });
  if (line !== undefined && line === seq - 1) made.push({ kind: "line", key: "line" });
  const last = made.at(-1);
  if (message.kind === "join") {
    if (last?.kind === "joins") made[made.length - 1] = { ...last, messages: [...last.messages, message] };
    else made.push({ kind: "joins", key: `joins-${seq}`, seq, messages: [message] });
    return;
  }
  const goesOn = last?.kind === "message" && last.message.sender.id === message.sender.id && isSoon(last.message.at, at);
  made.push({ kind: "message", key: `message-${seq}`, seq, message, isFirst: !goesOn });
}

/** Whether a message of the same speaker needs no name and time of its own. @param {number} before @param {number} at */
export function isSoon(before, at) {
  return at - before <= GROUP && Math.floor(before / SPELL) === Math.floor(at / SPELL);
}

/**
 * Whom a row of joins names: two, then how many others; nobody twice.
 * @param {readonly Message[]} messages
 * @returns {{ names: string[], others: number }}
 */
export function joined(messages) {
  const names = [...new Map(messages.map(({ sender }) => [sender.id, sender.name])).values()];
  const named = names.length > 2 ? names.slice(0, 1) : names;
  return { names: named, others: names.length - named.length };
}

const DAY = 24 * 60 * 60 * 1000;

/**
 * How many days before now something was, where the reader is.
 * @param {number} at milliseconds
 * @param {number} now
 */
export function daysAgo(at, now) {
  return Math.round((midnight(now) - midnight(at)) / DAY); // days have 23 to 25 hours
}

/** The beginning of a day. @param {number} at */
export function midnight(at) {
  return new Date(at).setHours(0, 0, 0, 0);
}

/**
 * The nearest row to draw the focus to: of those that can have it, one step from the one that has it.
 * @param {readonly number[]} seqs ascending
 * @param {number | null} current
 * @param {"ArrowUp" | "ArrowDown" | "Home" | "End"} key
 */
export function focusAfter(seqs, current, key) {
  if (!seqs.length) return null;
  if (key === "Home") return seqs[0];
  const at = current === null ? -1 : seqs.indexOf(current);
  if (key === "End" || at < 0) return seqs[seqs.length - 1];
  return seqs[Math.min(Math.max(at + (key === "ArrowUp" ? -1 : 1), 0), seqs.length - 1)];
}

/**
 * Up to where others have read: of one's own message, who has seen it.
 * @param {Room["reads"]} reads
 * @param {number} seq
 * @param {number} me
 * @returns {number[]} people
 */
export function readBy(reads, seq, me) {
  return [...reads].filter(([person, mark]) => person !== me && mark >= seq).map(([person]) => person);
}

/**
 * The window after the room has changed: one at the end goes on to the end, one that was left behind is not pulled along,
 * and after a reset it lies within what there is.
 * @param {Window} window
 * @param {{ before: number, newest: number, isAtEnd: boolean }} change `before` and `newest` are the room's last seq
 * @returns {Window}
 */
export function settled(window, { before, newest, isAtEnd }) {
  if (newest < window.last) return window.first > newest ? atEnd(newest) : { first: window.first, last: newest };
  if (newest === before || window.last !== before) return window;
  if (isAtEnd) return follow(window, newest);
  return { first: window.first, last: Math.min(newest, window.first + MOST - 1) };
}
