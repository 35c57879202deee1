// Types shared by the page's modules. The types of the wire are in ../protocol.d.ts.

import type { ConversationCounts, FileInfo as WireFile, Me, Message, Person, Room as RoomInfo } from "../protocol";

export type { Me, Message, Person, RoomInfo, WireFile };

/** A room: its details, and those of its messages that are loaded. */
export interface Room {
  /** The last snapshot with all changes since. Each change replaces the object. */
  info: RoomInfo;
  /** Loaded messages by seq. A change replaces the map. There may be gaps: see `loadedRanges`. */
  messages: ReadonlyMap<number, Message>;
  /** Ranges of seq that are loaded completely, ascending, as [first, last]. */
  loadedRanges: readonly (readonly [number, number])[];
  /** Why the server replaced the cached copy of this room. The timeline shows it once. */
  reset?: "too_far" | "other_history" | "erased";
  /** How far others have read (seq), by person, where the server shares it. */
  reads: ReadonlyMap<number, number>;
  /** Role changes since the page was opened, by person. They override an older member list. */
  roles: ReadonlyMap<number, "member" | "moderator" | "owner" | "banned">;
  /** What features know of the room, by the feature's name. A reset drops it. */
  features: Readonly<Record<string, unknown>>;
}

/** A message that is not acknowledged yet, or was refused for good. It is stored in IndexedDB before it is shown. */
export interface PendingMessage {
  key: string;
  room: number;
  text: string;
  reply?: number;
  files?: readonly WireFile[];
  at: number;
  /** Why the server refused it for good; absent while it is waiting. */
  refused?: { code: string; text: string; reason?: string };
}

export type Connection =
  | { state: "connecting" }
  | { state: "live" }
  | { state: "offline"; since: number; retryAt?: number; why?: "too_many_tabs" | "banned"; refusal?: ChatError }
  | { state: "second_factor" }
  | { state: "ended"; why: "logged_out" | "session_ended" | "disabled" };

/** Everything that views show. `applyAll` returns a new state; unchanged parts stay the same objects. */
export interface State {
  /** null until it is known from the cache or the first hello. */
  me: Me | null;
  server: { name: string; version: string; features: readonly string[]; limits: Limits; lobby?: "open" | "members"; calls?: boolean; emoji?: string; restored?: { at: number; until?: number } };
  connection: Connection;
  /** False until the rooms are known from the cache or from the server. */
  isLoaded: boolean;
  rooms: ReadonlyMap<number, Room>;
  people: ReadonlyMap<number, Person>;
  presence: ReadonlyMap<number, "online" | "away" | "offline">;
  /** Who types or looks in a room; an entry expires at `until` (ms). */
  activity: ReadonlyMap<number, ReadonlyMap<number, { name: string; what: "typing" | "viewing"; until: number }>>;
  /** Pending messages in the order of sending. */
  outbox: readonly PendingMessage[];
  /** The server's rate limit applies: sending resumes at this time (ms). */
  sendResumesAt?: number;
  /** Rooms in slow mode in which this person's next message waits until then (ms), as the server last said. */
  slowUntil?: ReadonlyMap<number, number>;
  blocked: ReadonlySet<number>;
  /** What features know of this person, by the feature's name. It is not stored. */
  own: Readonly<Record<string, unknown>>;
  /** What this browser has seen and a restored backup lacks, until it is dismissed. */
  lost: Lost | null;
  /** The counts of other people's open support conversations that are not in `rooms`; null: all are. */
  leftOut: ConversationCounts | null;
  /** The server is newer than the page, which offers a reload. */
  isOutdated: boolean;
  /** False where this browser stores nothing (storage full, blocked or wiped, a shared computer). The page says so. */
  isPersistent: boolean;
  /** The first mention has arrived and notifications were not offered yet: the page offers them. */
  offersNotifications: boolean;
}

/** Messages that a restored backup lacks. Times are Unix milliseconds. */
export interface Lost {
  /** When the server was restored, and until when the backup has everything, where the server says so. */
  at?: number | undefined;
  until?: number | undefined;
  rooms: readonly LostRoom[];
  /** When the last of them were found. */
  found: number;
  /** Keys of messages that were dismissed. */
  dismissed: readonly string[];
}

/** Lost messages of one room, by its properties before: the room may be gone, and its id be another one's. */
export interface LostRoom {
  room: number;
  kind: RoomInfo["kind"];
  name?: RoomInfo["name"];
  peer?: Person;
  /** Whether the server still has the room, under this id. */
  isSame: boolean;
  messages: readonly LostMessage[];
}

export interface LostMessage {
  seq: number;
  at: number;
  sender: { id: number; name: string };
  text: string;
  /** Names of its files. */
  files?: readonly string[];
  /** The message that it answers, if the server still has it. */
  reply?: number;
  /** Whether it is this person's own, and whether they have sent it again. */
  isMine?: boolean;
  isAgain?: boolean;
}

export interface Limits {
  text: number;
  frame_bytes: number;
  files: number;
  file_bytes: number;
  [limit: string]: number;
}

/** A call or a request failed. `code` is one of docs/protocols/native.md, or "offline" where nothing answered. */
export interface ChatError extends Error {
  code: string;
  /** The stable key of the message, where the server gives one. */
  reason?: string;
  status?: number;
  field?: string;
  retryMs?: number;
  holder?: { id: number; name: string };
  /** Where one appeals, if that is how the server refuses. */
  appeal?: string;
}

/** The actions that views call; they get it from `useChat()`. Every promise rejects with a ChatError. */
export interface Chat {
  /** The current state, and a subscription to it. Views use `useSelected(state => …)` instead. */
  get(): State;
  subscribe(listener: () => void): () => void;

  /** An HTTP call below /api/v1 with the access token, which is refreshed once if it has expired. `body` is sent as JSON, a Blob as it is. */
  call<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
  /** A request on the socket; rejects with code "offline" if there is none. */
  request<T = unknown>(type: string, fields: object): Promise<T>;
  /** Store what a feature has read about a room, until its changes or a reset replace it. */
  setRoomFeature(room: number, feature: string, known: unknown): void;
  /** Keep what a feature has read about this person, until its events replace it. */
  setOwn(feature: string, known: unknown): void;
  /** Keep profiles that a request has returned; newer ones stay. */
  keepPeople(people: readonly Person[]): void;
  /** Upload a file to a room. `onProgress` receives the bytes sent. Aborting rejects with code "aborted". */
  upload(room: number, file: globalThis.File, options?: { onProgress?: (sent: number) => void; signal?: AbortSignal }): Promise<WireFile>;
  /** Fetch a file's bytes with the token. */
  download(file: number): Promise<Blob>;

  /** `shared`: a shared computer stores nothing, and the session ends with its last tab. */
  logIn(login: string, password: string, options?: { shared?: boolean; code?: string }): Promise<void>;
  register(fields: { name: string; password: string; email?: string; invite?: string }): Promise<void>;
  setUp(fields: { code: string; name: string; password: string }): Promise<void>;
  resetPassword(fields: { code: string; password: string; second_factor?: string }): Promise<void>;
  /** Connect again, after two-factor authentication was set up. */
  reconnect(): void;
  logInByLink(fields: { code: string; second_factor?: string }, options?: { shared?: boolean }): Promise<void>;
  logInByPasskey(used: import("../protocol").UsedPasskey, options?: { shared?: boolean }): Promise<void>;
  logInByProvider(answer: { code: string; state: string; iss?: string; invite?: string }, options?: { shared?: boolean }): Promise<void>;
  /** End the session and wipe this browser's storage; a session that an identity provider began ends there too. */
  logOut(): Promise<void>;
  /** Whether this is a shared computer. Changing it preserves pending messages and drafts. */
  isShared(): boolean;
  setShared(shared: boolean): Promise<void>;

  /** Store a message, show it as pending, send it in order. Resolves when it is stored; `sent` resolves with its seq. */
  send(room: number, text: string, options?: { reply?: number; files?: readonly WireFile[] }): Promise<{ sent: Promise<number> }>;
  retry(key: string): Promise<void>;
  discard(key: string): Promise<void>;
  /** Send own messages again that a restored backup lacks, in order, to a room. Resolves when they are stored. */
  sendAgain(room: number, from: LostRoom, messages: readonly LostMessage[]): Promise<void>;
  /** Show no more what a restored backup lacks. */
  dismissLost(): Promise<void>;
  edit(room: number, seq: number, text: string): Promise<void>;
  delete(room: number, seq: number): Promise<void>;
  /** Mark a room as read up to and including `seq`. */
  markRead(room: number, seq: number): Promise<void>;
  /** Mark a room as unread from `seq` on. */
  markUnread(room: number, seq: number): Promise<void>;
  /** Keep messages of a room that a request has returned. False: a change that arrived meanwhile may be missing in them. */
  keepMessages(page: { pos: number; messages?: readonly Message[] }): boolean;
  /** Load a page of a room's messages into the state. */
  loadMessages(room: number, where: { before?: number; after?: number; around?: number; limit?: number }): Promise<{ first: boolean; last: boolean }>;
  /** Add support conversations that a call has returned, and receive their changes from now on. */
  enterConversations(infos: readonly RoomInfo[]): Promise<void>;
  /** Send typing or viewing to the room. The caller repeats it every 3 s and ends it with "none". */
  activity(room: number, what: "typing" | "viewing" | "none"): void;
  /** Watch who of these people is online, in addition to other views' lists. Returns a function that stops watching. */
  watch(people: readonly number[]): () => void;

  /** Answer the offer of notifications; if they are wanted, the browser asks for permission. */
  answerNotificationOffer(isWanted: boolean): Promise<void>;

  /** The draft of a room, stored in IndexedDB. */
  readDraft(room: number): Promise<Draft>;
  saveDraft(room: number, draft: Draft): void;
}

export interface Draft {
  text: string;
  reply?: number;
  /** When the server got it (its ms), if it was not changed since. */
  at?: number;
  /** When it was typed (ms), if the server has not got it yet. */
  typed?: number;
}
