// The page's whole state: the part for views (types.d.ts), and the fields for counting and for the connection.

import type { Message } from "../protocol";
import type { Room, RoomInfo, State } from "./types";

/** How a feature's changes alter the state: pure functions by the type of change. */
export interface FeatureChanges {
  /** Its name in `features` of hello. */
  name: string;
  /** The message after the change. Not called for messages that are deleted before it. */
  ofMessage?: Readonly<Record<string, (message: Message, change: any, me: number) => Message>>;
  /** The room's details after the change. Not called for changes that the last snapshot has. */
  ofInfo?: Readonly<Record<string, (info: RoomInfo, change: any) => RoomInfo>>;
  /** What the feature knows of the room after the change; undefined: nothing yet. */
  ofRoom?: Readonly<Record<string, (known: any, change: any) => unknown>>;
  /** What the feature knows of this person after an event that no room has; undefined: nothing yet. */
  ofOwn?: Readonly<Record<string, (known: any, event: any) => unknown>>;
}

/** A room with what counting needs. A batch changes its own copy; it never alters the state before. */
export interface RoomState extends Room {
  messages: Map<number, Message>;
  /** The `pos` of the newest snapshot: name, topic and the like are as of this change. */
  snapshotPos: number;
  /** The `pos` of the newest change of a message. A page of history that was read before it may lack it. */
  changedPos: number;
  /** Messages that arrived deleted. They count as unread until their deletion event arrives. */
  pendingDeletions: ReadonlySet<number>;
  /** `unread` and `mentions` must be requested from the server: the loaded messages are not enough to count them. */
  needsCount: boolean;
  /** Sending a message has moved the read mark; the server may not have recorded it yet. */
  isReadMarkUnsure: boolean;
}

export interface Model extends State {
  rooms: ReadonlyMap<number, RoomState>;
  /** Rooms with missing changes, which the connection requests. */
  gaps: ReadonlySet<number>;
  /** Keys of acknowledged pending messages, by the place where each message will appear ("room:seq"). */
  acknowledged: ReadonlyMap<string, string>;
  /** Keys of pending messages that are settled and hidden; the outbox may still store them for a moment. */
  settledKeys: ReadonlySet<string>;
  /** New messages of this person that match no pending message here: another tab may have sent one of its own. */
  unmatchedOwn: readonly Message[];
  /**
   * If this tab sends the outbox: keys of the pending messages that another tab may have sent before. Of all others this
   * tab receives the acknowledgement before the message's event. Null: this tab does not send.
   */
  takenOver: ReadonlySet<string> | null;
}

/** A room that a batch changes. */
export interface RoomDraft {
  room: RoomState;
  /** `room.messages` is the batch's own copy. */
  ownsMessages: boolean;
}
