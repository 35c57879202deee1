// What the model holds beside what the views see.

import type { Message } from "../protocol";
import type { Room, State } from "./types";

/** A room with what counting needs. Changed only within a batch, on a copy of its own. */
export interface KeptRoom extends Room {
  messages: Map<number, Message>;
  /** Its name, topic and the like are as of this change. */
  toldPos: number;
  /** The newest edit, deletion or reaction: a page that was read before it may lack it. */
  changedPos: number;
  /** Told late, as deleted; they count as unread until their deletion is told. */
  toBeDeleted: ReadonlySet<number>;
  /** `unread` and `mentions` have to be asked for: they can't be counted from what is held. */
  isUncounted: boolean;
  /** A message of one's own has moved the mark, which the server notes a little later. */
  hasSpoken: boolean;
}

/** The state of the views, and what the connection needs of it. */
export interface Model extends State {
  rooms: ReadonlyMap<number, KeptRoom>;
  /** Rooms with missing changes: to be asked for. */
  gaps: ReadonlySet<number>;
  /** Where acknowledged messages will appear, "room:seq", and the keys of their bubbles. */
  acknowledged: ReadonlyMap<string, string>;
  /** Keys of bubbles that have left, which the outbox may still have for a moment. */
  seen: ReadonlySet<string>;
  /** One's own messages, told since the outbox was last read, that no bubble here stands for: another tab may have one. */
  unclaimed: readonly Message[];
  /** Whether this tab sends what waits: it hears of each acknowledgement before the message is told. */
  isSending: boolean;
}

/** A room that is changed within a batch. */
export interface Draft {
  room: KeptRoom;
  /** Whether `room.messages` is this batch's own copy. */
  ownsMessages: boolean;
}
