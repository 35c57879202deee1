// What the modules of the page hand to each other. What comes over the wire is in ../protocol.d.ts.

import type { FileInfo as WireFile, Me, Message, Person, Room as RoomInfo } from "../protocol";

export type { Me, Message, Person, RoomInfo, WireFile };

/** A room as it is now: what the server tells of it, and the messages that are held of it. */
export interface Room {
  /** As the last snapshot and all changes since make it; replaced by each change, never altered. */
  info: RoomInfo;
  /** The messages held, by seq; a replaced map where one changed. Not always without a hole: see `held`. */
  messages: ReadonlyMap<number, Message>;
  /** Ranges of seq that are held completely, ascending, as [first, last]. */
  held: readonly (readonly [number, number])[];
  /** Why the copy of this room was void and is loaded again; the timeline says so once. */
  reset?: "too_far" | "other_history" | "erased";
  /** How far others have read, by person, where the server tells it. */
  reads: ReadonlyMap<number, number>;
  /** Roles that were given since the page was opened, by person: a list of members that was read before lacks them. */
  roles: ReadonlyMap<number, "member" | "moderator" | "owner" | "banned">;
}

/** A message that is not acknowledged yet, or that was refused for good. It lies in IndexedDB before it is shown. */
export interface Waiting {
  key: string;
  room: number;
  text: string;
  reply?: number;
  files?: readonly WireFile[];
  at: number;
  /** Why the server refuses it for good; absent while it waits. */
  refused?: { code: string; text: string };
}

export type Line =
  | { state: "connecting" }
  | { state: "live" }
  | { state: "offline"; since: number; retryAt?: number; why?: "too_many_tabs" }
  | { state: "ended"; why: "logged_out" | "session_ended" | "disabled" };

/** All that the page shows. Replaced as a whole by `apply`; parts that did not change stay the same objects. */
export interface State {
  /** null until the first hello (or what the cache says of it). */
  me: Me | null;
  server: { name: string; version: string; features: readonly string[]; limits: Limits; lobby?: "open" | "members" };
  line: Line;
  /** False until the rooms are known, from the cache or from the server. */
  isLoaded: boolean;
  rooms: ReadonlyMap<number, Room>;
  people: ReadonlyMap<number, Person>;
  presence: ReadonlyMap<number, "online" | "away" | "offline">;
  /** Who does what in a room; an entry is forgotten at `until` (ms). */
  activity: ReadonlyMap<number, ReadonlyMap<number, { name: string; what: "typing" | "viewing"; until: number }>>;
  /** In the order of sending. */
  outbox: readonly Waiting[];
  /** One's own messages came too fast for the server: sending goes on at this time (ms). */
  sendsAgainAt?: number;
  blocked: ReadonlySet<number>;
  /** A newer server than the page: it offers a reload. */
  isOutdated: boolean;
  /** False where this browser keeps nothing (storage full, blocked or wiped, a shared computer): the page says so. */
  isKept: boolean;
  /** The first mention has come, and nobody was asked about notifications: the page offers them. */
  asksToNotify: boolean;
}

export interface Limits {
  text: number;
  frame_bytes: number;
  files: number;
  file_bytes: number;
  [limit: string]: number;
}

/** Why a call or a request was refused. `code` is one of the contract's, or "offline" where nothing answered. */
export interface ChatError extends Error {
  code: string;
  status?: number;
  field?: string;
  retryMs?: number;
  holder?: { id: number; name: string };
}

/** What the views act through; they get it from `useChat()`. Every promise is rejected with a ChatError. */
export interface Chat {
  /** The state of now, and a subscription to it; views use `useSelected(state => …)` instead. */
  get(): State;
  subscribe(listener: () => void): () => void;

  /** An HTTP call below /api/v1, with the access token and one refresh where it is expired. `body` is sent as JSON. */
  call<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
  /** Upload a file to a room; `onProgress` is told bytes. Aborting rejects with code "aborted". */
  upload(room: number, file: globalThis.File, options?: { onProgress?: (sent: number) => void; signal?: AbortSignal }): Promise<WireFile>;
  /** The bytes of a file that one may see, fetched with the token. */
  download(file: number): Promise<Blob>;

  /** `shared`: this is a shared computer, which keeps nothing; the session ends with its last tab. */
  logIn(login: string, password: string, options?: { shared?: boolean }): Promise<void>;
  register(fields: { name: string; password: string; email?: string; invite?: string }): Promise<void>;
  setUp(fields: { code: string; name: string; password: string }): Promise<void>;
  resetPassword(fields: { code: string; password: string }): Promise<void>;
  /** Ends the session and wipes what the browser keeps. */
  logOut(): Promise<void>;
  /** Whether this is a shared computer; and to say so later. What waits to be sent, and what is being written, stays. */
  isShared(): boolean;
  setShared(shared: boolean): Promise<void>;

  /** Keep it, show it as waiting, send it in order. Resolves when it is kept, not when it is sent. */
  send(room: number, text: string, options?: { reply?: number; files?: readonly WireFile[] }): Promise<void>;
  retry(key: string): Promise<void>;
  discard(key: string): Promise<void>;
  edit(room: number, seq: number, text: string): Promise<void>;
  delete(room: number, seq: number): Promise<void>;
  react(room: number, seq: number, emoji: string, on: boolean): Promise<void>;
  /** Note how far one has read; `back` marks unread from there. */
  read(room: number, seq: number, options?: { back?: boolean }): Promise<void>;
  /** Load a page of a room's messages into the state. */
  load(room: number, where: { before?: number; after?: number; around?: number; limit?: number }): Promise<{ first: boolean; last: boolean }>;
  /** Tell the others that one types or looks; repeats and ends are the caller's (every 3 s). */
  activity(room: number, what: "typing" | "viewing" | "none"): void;
  /** Follow who of these is online; the views' lists are joined. Returns how to stop. */
  watch(people: readonly number[]): () => void;

  /** What one answers to that offer; where it is wanted, the browser asks. */
  answerNotify(isWanted: boolean): Promise<void>;

  /** A draft of a room, kept in IndexedDB. */
  draft(room: number): Promise<Draft>;
  keepDraft(room: number, draft: Draft): void;
}

export interface Draft {
  text: string;
  reply?: number;
}
