// The timeline's window: which messages of a room are drawn, by seq, and their rows.

/** @typedef {import("./types").Message} Message */
/** @typedef {import("./types").Room} Room */

/**
 * @typedef {object} Window the messages drawn, from `first` to `last`, both included; empty where `last` is less
 * @property {number} first
 * @property {number} last
 *
 * @typedef {{ kind: "start", key: string }} StartRow
 * @typedef {{ kind: "gap", key: string, first: number, last: number }} GapRow messages that are not loadedRanges yet
 * @typedef {{ kind: "day", key: string, at: number }} DayRow
 * @typedef {{ kind: "new", key: string }} NewRow above the first new message
 * @typedef {{ kind: "joins", key: string, seq: number, messages: Message[] }} JoinsRow
 * @typedef {{ kind: "message", key: string, seq: number, message: Message, isFirst: boolean }} MessageRow
 *   `isFirst`: it begins a group of one sender
 * @typedef {StartRow | GapRow | DayRow | NewRow | JoinsRow | MessageRow} Row
 */

/** The most messages that are drawn at a time, */
export const MAX_DRAWN = 200;
/** and the most where the screen is so high, or so many are folded into one row, that it would not be filled. */
export const MAX_DRAWN_IN_SIGHT = 1000;
/** As many are drawn at first, and while the reader stays at the end. */
export const DRAWN_AT_FIRST = 100;
/** As many more are drawn when the reader scrolls. */
export const DRAWN_PER_STEP = 50;
/** A sender's messages form a group while at most this many ms lie between two of them. */
const GROUP_PAUSE = 5 * 60_000;
/** A new group begins at each multiple of this time, in ms, so that its time is shown again. */
const GROUP_LENGTH = 15 * 60_000;

/** The drawn at the end of a room. @param {number} newest @param {number} [oldest] @returns {Window} */
export function atEnd(newest, oldest = 1) {
  return { first: Math.max(oldest, newest - DRAWN_AT_FIRST + 1), last: newest };
}

/** The drawn around a place. @param {number} seq @param {number} newest @param {number} [oldest] @returns {Window} */
export function around(seq, newest, oldest = 1) {
  const at = Math.min(Math.max(seq, oldest), Math.max(newest, oldest));
  return { first: Math.max(oldest, at - DRAWN_AT_FIRST / 2), last: Math.min(newest, at + DRAWN_AT_FIRST / 2) };
}

/**
 * Extend the window backwards and drop its far end, except messages in sight. Returns the same window at the limit.
 * @param {Window} drawn
 * @param {Window} inSight the part that is in sight or nearly so
 * @param {number} [oldest] the oldest message of the room
 * @returns {Window}
 */
export function older(drawn, inSight, oldest = 1) {
  const first = Math.max(oldest, drawn.first - DRAWN_PER_STEP);
  const last = Math.min(drawn.last, Math.max(first + MAX_DRAWN - 1, inSight.last));
  return last - first < MAX_DRAWN_IN_SIGHT ? { first, last } : drawn;
}

/**
 * Extend the window forwards and drop its start, except messages in sight. Returns the same window at the limit.
 * @param {Window} drawn
 * @param {number} newest
 * @param {Window} inSight the part that is in sight or nearly so
 * @returns {Window}
 */
export function newer(drawn, newest, inSight) {
  const last = Math.min(newest, drawn.last + DRAWN_PER_STEP);
  const first = Math.max(drawn.first, Math.min(last - MAX_DRAWN + 1, inSight.first));
  return last - first < MAX_DRAWN_IN_SIGHT ? { first, last } : drawn;
}

/** The window after new messages: a window that was at the end stays there. @param {Window} drawn @param {number} newest @returns {Window} */
export function followEnd({ first, last }, newest) {
  return { first: Math.max(first, newest - Math.max(DRAWN_AT_FIRST, Math.min(last - first + 1, MAX_DRAWN)) + 1, 1), last: newest };
}

/** What of a drawn is not loadedRanges. @param {Window} drawn @param {Room["loadedRanges"]} loadedRanges @returns {Window[]} */
export function missingRanges({ first, last }, loadedRanges) {
  const found = [];
  let next = first;
  for (const [begin, end] of loadedRanges) {
    if (end < next) continue;
    if (begin > last) break;
    if (begin > next) found.push({ first: next, last: begin - 1 });
    next = end + 1;
  }
  if (next <= last) found.push({ first: next, last });
  return found;
}

/**
 * The page of history to request so that a gap closes from the reader's side.
 * @param {Window} gap
 * @param {Window} drawn
 * @param {number} newest
 * @returns {{ before?: number, after?: number, around?: number }}
 */
export function pageFor(gap, drawn, newest) {
  const isWhole = gap.first === drawn.first && gap.last === drawn.last;
  if (isWhole && gap.last < newest) return { around: Math.ceil((gap.first + gap.last) / 2) };
  if (gap.first > drawn.first && gap.last === drawn.last && gap.last < newest) return { after: gap.first - 1 };
  return { before: gap.last + 1 };
}

/**
 * The rows of a window.
 * @param {Pick<Room, "messages" | "loadedRanges">} room
 * @param {Window} drawn
 * @param {{ newAfter?: number, oldest?: number, dayOf: (at: number) => string }} options `newAfter`: messages after this
 *   seq are new; `oldest`: the oldest message of the room
 * @returns {Row[]}
 */
export function rows(room, drawn, { newAfter, oldest = 1, dayOf }) {
  /** @type {Row[]} */
  const made = [];
  const missing = missingRanges(drawn, room.loadedRanges);
  if (drawn.first <= oldest && missing[0]?.first !== drawn.first) made.push({ kind: "start", key: "start" });
  /** @type {Message | undefined} */
  let before;
  for (let seq = drawn.first; seq <= drawn.last; seq++) {
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
    addMessage(made, message, before, { newAfter, dayOf });
    before = message;
  }
  return made;
}

/**
 * @param {Row[]} made
 * @param {Message} message
 * @param {Message | undefined} before
 * @param {{ newAfter?: number, dayOf: (at: number) => string }} options
 */
function addMessage(made, message, before, { newAfter, dayOf }) {
  const { seq, at } = message;
  const isOtherDay = !before || dayOf(before.at) !== dayOf(at);
  if (isOtherDay) made.push({ kind: "day", key: `day-${seq}`, at });
  if (newAfter !== undefined && newAfter === seq - 1) made.push({ kind: "new", key: "new" });
  const last = made.at(-1);
  if (message.kind === "join") {
    if (last?.kind === "joins") made[made.length - 1] = { ...last, messages: [...last.messages, message] };
    else made.push({ kind: "joins", key: `joins-${seq}`, seq, messages: [message] });
    return;
  }
  const goesOn = last?.kind === "message" && last.message.sender.id === message.sender.id && continuesGroup(last.message.at, at);
  made.push({ kind: "message", key: `message-${seq}`, seq, message, isFirst: !goesOn });
}

/** Whether a message of the same sender continues the group, without a name and a time of its own. @param {number} before @param {number} at */
export function continuesGroup(before, at) {
  return at - before <= GROUP_PAUSE && Math.floor(before / GROUP_LENGTH) === Math.floor(at / GROUP_LENGTH);
}

/**
 * The people that a row of joins names: one or two, and the number of others, without duplicates.
 * @param {readonly Message[]} messages
 * @returns {{ names: string[], others: number }}
 */
export function joinedNames(messages) {
  const names = [...new Map(messages.map(({ sender }) => [sender.id, sender.name])).values()];
  const named = names.length > 2 ? names.slice(0, 1) : names;
  return { names: named, others: names.length - named.length };
}

const DAY = 24 * 60 * 60 * 1000;

/**
 * How many days ago something was, in the reader's time zone.
 * @param {number} at milliseconds
 * @param {number} now
 */
export function daysAgo(at, now) {
  return Math.round((midnight(now) - midnight(at)) / DAY); // days have 23 to 25 hours
}

/** The start of a day. @param {number} at */
export function midnight(at) {
  return new Date(at).setHours(0, 0, 0, 0);
}

/**
 * The message that gets the focus after a key.
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
 * The other people who have read a message.
 * @param {Room["reads"]} reads
 * @param {number} seq
 * @param {number} me
 * @returns {number[]} people
 */
export function readBy(reads, seq, me) {
  return [...reads].filter(([person, mark]) => person !== me && mark >= seq).map(([person]) => person);
}

/**
 * The window after the room has changed. At the end it follows the end, elsewhere it stays, and after a reset it is cut to
 * the messages that exist.
 * @param {Window} drawn
 * @param {{ before: number, newest: number, oldest?: number, isAtEnd: boolean }} change `before` and `newest` are the room's
 *   last seq before and now; messages below `oldest` are removed
 * @returns {Window}
 */
export function afterRoomChange(drawn, { before, newest, oldest = 1, isAtEnd }) {
  if (drawn.first < oldest && newest >= oldest) {
    return drawn.last < oldest ? around(oldest, newest, oldest) : afterRoomChange({ ...drawn, first: oldest }, { before, newest, oldest, isAtEnd });
  }
  if (newest < drawn.last) return drawn.first > newest ? atEnd(newest, oldest) : { first: drawn.first, last: newest };
  if (newest === before || drawn.last !== before) return drawn;
  if (isAtEnd) return followEnd(drawn, newest);
  return { first: drawn.first, last: Math.min(newest, drawn.first + MAX_DRAWN - 1) };
}
