// How a support conversation was claimed, handed over, closed and reopened, and its private notes.

/** @import { Note, NotesEvent, SupportEvent, SupportStep } from "../../protocol" */

/**
 * @typedef {object} History
 * @property {readonly SupportStep[]} steps by pos; those before the page was opened are missing until they were read
 * @property {boolean} [isRead]
 */

/** @typedef {{ what: "claimed" | "handed" | "returned" | "closed" | "idle" | "reopened", by: number, to?: string, at: number, pos: number }} Line */

/**
 * What this operator knows of conversations, beside what others in them know.
 * @typedef {object} Own
 * @property {ReadonlyMap<number, readonly Note[]>} notes by conversation, the oldest first, as they were read
 * @property {ReadonlyMap<number, number>} changes how often an operator has added or removed a note since, by conversation
 */

/** @type {Own} */
const NOTHING = { notes: new Map(), changes: new Map() };

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "support", ofRoom: { support: (known, change) => withSteps(known, [change]) }, ofOwn: { notes: afterNote } };

/** @param {Own | undefined} known @param {NotesEvent} event @returns {Own} */
function afterNote(known = NOTHING, { room }) {
  return { ...known, changes: new Map(known.changes).set(room, (known.changes.get(room) ?? 0) + 1) };
}

/** @param {Own | undefined} known @param {number} room @param {readonly Note[]} notes @returns {Own} */
export function withNotes(known = NOTHING, room, notes) {
  return { ...known, notes: new Map(known.notes).set(room, notes) };
}

/**
 * @param {History | undefined} known
 * @param {readonly (SupportStep | SupportEvent)[]} added
 * @returns {History}
 */
export function withSteps(known, added) {
  const all = new Map((known?.steps ?? []).map((step) => [step.pos, step]));
  for (const { pos, at, state, assignee, by } of added) all.set(pos, { pos, at, state, by, ...(assignee && { assignee }) });
  return { ...known, steps: [...all.values()].sort((one, other) => one.pos - other.pos) };
}

/**
 * What happened, line by line.
 * @param {readonly SupportStep[]} steps
 * @param {number} person the conversation's
 * @returns {Line[]}
 */
export function linesOf(steps, person) {
  let before = /** @type {Pick<SupportStep, "state" | "assignee">} */ ({ state: "open" });
  return steps.flatMap((step) => {
    const { at, by, pos, state, assignee } = step;
    /** @type {Line[]} */
    const lines = [];
    if (state === "closed" && before.state !== "closed") lines.push({ what: by === person ? "idle" : "closed", by, at, pos });
    if (state !== "closed" && before.state === "closed") lines.push({ what: "reopened", by, at, pos });
    if (assignee?.id !== before.assignee?.id) {
      if (!assignee) lines.push({ what: "returned", by, at, pos });
      else if (assignee.id === by) lines.push({ what: "claimed", by, at, pos });
      else lines.push({ what: "handed", by, to: assignee.name, at, pos });
    }
    before = step;
    return lines;
  });
}

/**
 * Lines and notes in the order in which they came.
 * @param {readonly Line[]} lines
 * @param {readonly Note[]} notes
 * @returns {(Line | Note)[]}
 */
export function inOrder(lines, notes) {
  return [...lines, ...notes].sort((one, other) => one.at - other.at);
}
