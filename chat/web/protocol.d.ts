// What travels between the page and the server, made of the server's types by `make protocol-types`; a test compares.
// A field at its default is left out, so most are optional. Fields, events and codes may be added.

/** A person as admins see them; `sessions` are their logins and tokens for programs. */
export interface Account {
  id: number;
  name: string;
  display?: string;
  roles?: ("admin" | "guest" | "moderator" | "operator")[];
  /** Unix milliseconds */
  changed: number;
  email?: string;
  disabled?: boolean;
  /** Unix milliseconds */
  created: number;
  sessions?: number;
}

/** Accounts, by their ids. Where there are more, `next` is where they begin. */
export interface Accounts {
  people: Account[];
  next?: number;
}

/**
 * What was done, when, to whom and where; without `by` it was a command of whoever runs the server. `detail` is
 * for people: the roles, the setting and its value, the `seq` of the message, the name of the room.
 */
export interface Act {
  id: number;
  /** Unix milliseconds */
  at: number;
  by?: Sender;
  /**
   * person_added, person_deleted, renamed, roles_changed, password_set, disabled, enabled, sessions_ended,
   * setting_changed, message_deleted, room_deleted, room_renamed, room_archived, room_unarchived, banned or
   * unbanned; others may be added
   */
  what: string;
  person?: Sender;
  room?: number;
  detail?: string;
}

/** Tell a room what one does there: write, look at it (operators, in support), or neither any more. */
export interface Activity {
  type: "activity";
  /** Chosen by the client; the reply repeats it */
  id: number;
  room: number;
  what: "none" | "typing" | "viewing";
}

/** Somebody does something in a room. Forget it after 6 seconds, and when they say something. */
export interface ActivityEvent {
  type: "activity";
  room: number;
  person: Sender;
  what: "none" | "typing" | "viewing";
}

/** It is told, or was a moment ago. */
export interface ActivityOk {
  type: "activity_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
}

/** Acts, the newest first. Where there are older ones, `next` is where they begin. */
export interface Acts {
  entries: Act[];
  next?: number;
}

/** The address at which people reach the server, for links to it; empty: it is not known. */
export interface AddressSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  /** As https://chat.example, in small letters and without a path; empty: it is not known */
  value: string;
  /** As https://chat.example, in small letters and without a path; empty: it is not known */
  default: string;
}

/** The server stops; come back after this long. */
export interface ByeEvent {
  type: "bye";
  after_ms: number;
}

/**
 * What to change of an account; what is left out stays. `roles` are all that they have then; `operator`,
 * `moderator` and `admin` give or take one each, in its place.
 */
export interface ChangeAccount {
  person: number;
  name?: string;
  roles?: ("admin" | "moderator" | "operator")[];
  operator?: boolean;
  moderator?: boolean;
  admin?: boolean;
  disabled?: boolean;
  /** At most 72 bytes */
  password?: string;
}

/** What to change of a room that people made; what is left out stays. */
export interface ChangeListedRoom {
  room: number;
  name?: string;
  archived?: boolean;
}

/** What to change of oneself: what is left out stays, null takes display name or e-mail address away. */
export interface ChangeMe {
  name?: string;
  display?: string | null;
  email?: string | null;
  share_reads?: boolean;
}

/** The text to have from now on. */
export interface ChangeMessage {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  seq: number;
  /** Trimmed; empty only with files */
  text: string;
}

/** One's password, and the one to have from now on. */
export interface ChangePassword {
  /** At most 72 bytes */
  old: string;
  /** At most 72 bytes */
  new: string;
}

/** What to change of a room; what is left out stays. */
export interface ChangeRoom {
  room: number;
  name?: string;
  topic?: string;
  private?: boolean;
  archived?: boolean;
}

/** What to change of the settings; what is left out stays, null takes a change back. */
export interface ChangeSettings {
  server_name?: string | null;
  /** As https://chat.example, in small letters and without a path; empty: it is not known */
  public_url?: string | null;
  registration?: "closed" | "invite" | "open" | null;
  lobby?: "members" | "open" | null;
  registrations_per_hour?: number | null;
  message_rate?: number | null;
  message_bytes?: number | null;
  read_rate?: number | null;
  call_rate?: number | null;
  widget_origins?: string[] | null;
  /** In one line; without one the widget has its own in the visitor's language */
  widget_greeting?: string | null;
}

/**
 * What a conversation is to be; what is left out stays. To claim it is `assignee` = oneself and `was` = null.
 * `was` is whose it must be for that, null of nobody. `blocked` is whether its visitor is shut out, which closes
 * it.
 */
export interface ChangeSupport {
  room: number;
  state?: "closed" | "open";
  assignee?: number | null;
  was?: number | null;
  blocked?: boolean;
}

/** The room is like this now. */
export interface ChangedEvent {
  type: "changed";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  name: string;
  topic?: string;
  private?: boolean;
  archived?: boolean;
  by: number;
}

/** The reason, for programs. */
export type Code = "conflict" | "expired" | "forbidden" | "gone" | "internal" | "invalid" | "malformed" | "not_found" | "outcome_unknown" | "taken" | "too_big" | "too_many" | "unauthenticated" | "unavailable" | "unknown_type";

/** Conversations: first who waits for an answer, the longest first. Where there are more, `next` is the place. */
export interface Conversations {
  rooms: Room[];
  next?: string;
}

/** How far one has read, how many messages one has not, and how many of those mention one. */
export interface Counts {
  /** A message's number, or 0: before the first */
  read: number;
  /** 100: that many or more */
  unread?: number;
  /** 100: that many or more */
  mentions?: number;
}

/** A person to be added, with a first password, which they change. */
export interface CreateAccount {
  name: string;
  /** At most 72 bytes */
  password: string;
  roles?: ("admin" | "moderator" | "operator")[];
}

/** A file to upload, for a message in that room, by the name that it is to have. */
export interface CreateFile {
  room: number;
  name?: string;
}

/** An invite to a room, or to register, for so many people and days. */
export interface CreateInvite {
  room?: number | null;
  uses?: number;
  days?: number;
}

/** What to say, once however often it is sent. */
export interface CreateMessage {
  room: number;
  /** Unique for this person for ever */
  key: string;
  /** Trimmed; empty only with files */
  text?: string;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  reply?: number | null;
  files?: number[];
}

/** The room to make. */
export interface CreateRoom {
  name: string;
  topic?: string;
  private?: boolean;
}

/** A token for a program, good for so many days; `password` is one's own. */
export interface CreateToken {
  name: string;
  /** At most 72 bytes */
  password: string;
  days?: number;
}

/**
 * Who writes from a web page: what to call them, how to reach them, and the page; each only if they want. Of the
 * page what stands behind `?` or `#` is not kept.
 */
export interface CreateVisitor {
  name?: string | null;
  email?: string | null;
  /** http: or https:, without what stands behind ? or # */
  page?: string | null;
}

/** A message is deleted; whoever runs the server is nobody. */
export interface DeletedEvent {
  type: "deleted";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  seq: number;
  by?: number;
}

/** When a message was deleted, and by whom; whoever runs the server is nobody. */
export interface Deletion {
  /** Unix milliseconds */
  at: number;
  by?: number;
}

/** A text that a message had from this time on. */
export interface Edit {
  /** Unix milliseconds */
  at: number;
  /** Trimmed; empty only with files */
  text: string;
}

/** A message has another text, which mentions these, or everybody. */
export interface EditedEvent {
  type: "edited";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  seq: number;
  /** Trimmed; empty only with files */
  text: string;
  mentions?: number[];
  all?: boolean;
}

/** The texts of a message, the oldest first: as it was said, as it was edited, as it is now. */
export interface Edits {
  edits: Edit[];
}

/**
 * What is wrong: in a sentence, by a code for programs, in which field, and when to try again (milliseconds).
 * `room` and `seq` say which message was there first, `holder` whose it is instead. `text` is `error` again, as
 * the socket calls it. `reason` is the stable key of the text.
 */
export interface Error {
  error: string;
  text: string;
  code: Code;
  reason?: string;
  field?: string;
  retry_ms?: number;
  room?: number;
  seq?: number;
  holder?: Holder;
}

/**
 * The request is refused; `id` is 0 where none can be read. `room` and `seq`: the message that has the key.
 * `error` is `text` again, as HTTP calls it. `reason` is the stable key of the text.
 */
export interface ErrorReply {
  type: "error";
  /** Chosen by the client; the reply repeats it */
  id: number;
  code: Code;
  text: string;
  error: string;
  reason?: string;
  field?: string;
  retry_ms?: number;
  room?: number;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  seq?: number;
}

/** A file: `size` in bytes, `width` and `height` in pixels, where it is an image that says them. */
export interface FileInfo {
  id: number;
  name: string;
  type: string;
  size: number;
  width?: number;
  height?: number;
}

/** Messages that have files, the newest first. Where there are more, `next` is the `after` of the next page. */
export interface FilesOfRoom {
  messages: Message[];
  /** A message's number in its room: 1, 2, 3 … without a gap */
  next?: number;
}

/** A room that is not the person's any more; `closed`: a conversation, until somebody speaks in it. */
export interface GoneEvent {
  type: "gone";
  room: number;
  reason: "closed" | "deleted" | "removed";
}

/** What the support widget says before anything else; empty: what it says by itself. */
export interface GreetingSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  /** In one line; without one the widget has its own in the visitor's language */
  value: string;
  /** In one line; without one the widget has its own in the visitor's language */
  default: string;
}

/** Prove who speaks; again with a fresh token before the old one expires. */
export interface Hello {
  type: "hello";
  /** Chosen by the client; the reply repeats it */
  id: number;
  token: string;
  /** What the person calls this device */
  client?: string;
  /** The version that the client speaks */
  protocol?: number;
}

/**
 * Who one is, and what this server is, has and allows. More may be added. `lobby` is `open` where whoever connects
 * reads it without logging in; a `policy` event tells when that changes.
 */
export interface HelloOk {
  type: "hello_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
  me: Me;
  server: string;
  lobby: "members" | "open";
  version: string;
  /** The version of this protocol: 1 */
  protocol: number;
  /** Names the server's data: where it is another, so are all rooms and messages */
  data: string;
  /**
   * activity, blocks, edits, files, invites, mentions, presence, reactions, read_marks, search, support, sync_pages,
   * visitors; others may be added
   */
  features: string[];
  limits: Limits;
  /** Unix milliseconds */
  expires_at: number;
}

/** Messages of a room: before, after or around one; without any of them the newest. */
export interface History {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  before?: number | null;
  /** A message's number, or 0: before the first */
  after?: number | null;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  around?: number | null;
  limit?: number;
}

/** A message that was found. `pieces` are its text, by turns plain and what was looked for; the first is plain. */
export interface Hit {
  message: Message;
  pieces?: string[];
}

/** Messages that were found. Where there are more, `next` is the `after` of the next page. */
export interface Hits {
  hits: Hit[];
  next?: number;
}

/** Who has what was asked for. */
export interface Holder {
  id: number;
  name: string;
}

/**
 * An invite: how many can still use it, until when, and to which room; to none, it is to register. `url` is its
 * path on this server, and `link` the whole address, where the setting `public_url` says it.
 */
export interface Invite {
  code: string;
  url: string;
  link?: string;
  room?: number;
  room_name?: string;
  uses: number;
  /** Unix milliseconds */
  expires: number;
}

/**
 * An invite: how many can still use it, until when, and to which room; to none, it is to register. Its code was
 * told once and is kept nowhere. `by` is who made it, where others are asked for; it is left out for one that
 * whoever runs the server made.
 */
export interface IssuedInvite {
  /** Names an invite to who may see it; it lets nobody in */
  id: string;
  room?: number;
  room_name?: string;
  uses: number;
  /** Unix milliseconds */
  expires: number;
  by?: Sender;
}

/** Invites that can be used, by when they end. Where there are more, `next` is where they begin. */
export interface IssuedInvites {
  invites: IssuedInvite[];
  /** Names an invite to who may see it; it lets nobody in */
  next?: string;
}

/**
 * What this server allows; all of it is always told. Characters of a text, a topic and a name; bytes of a frame,
 * of a body that is no file, and of a file (0: no files are taken). `files` of a message, kinds of `reactions` of
 * one; `page`: most entries of a list. Of one socket: positions `known` in a sync, changes that a sync tells of a
 * room, requests `in_flight`, people to `watch`. Of one person: `sockets`. Read marks of others are told in rooms
 * with at most `receipts_members`. Of one person a second: messages to send and the bytes of their texts, pages of
 * 100 messages to read, searches, uploads; of one address ten times as much. Of one address a second: calls over
 * HTTP, of which more wait for their turn. For some seconds more may be had at once. Who is over a limit is told
 * so by `too_many`, with `retry_ms`.
 */
export interface Limits {
  text: number;
  topic: number;
  name: number;
  frame_bytes: number;
  body_bytes: number;
  file_bytes: number;
  files: number;
  reactions: number;
  page: number;
  known: number;
  replay: number;
  in_flight: number;
  watch: number;
  sockets: number;
  receipts_members: number;
  /** 0: any */
  sends_per_second: number;
  /** 0: any */
  send_bytes_per_second: number;
  /** 0: any */
  pages_per_second: number;
  /** 0: any */
  searches_per_second: number;
  /** 0: any */
  uploads_per_second: number;
  /** 0: any */
  calls_per_second: number;
}

/**
 * A room as admins see it, who need not be in it: nothing of what is said there. `creator` is the name of who made
 * it; nobody made the lobby. `messages` are all that were ever said, `last` is when the newest of them was.
 */
export interface ListedRoom {
  id: number;
  kind: "lobby" | "room";
  name: string;
  private?: boolean;
  archived?: boolean;
  creator?: string;
  members?: number;
  /** A message's number, or 0: before the first */
  messages?: number;
  /** Unix milliseconds */
  created: number;
  /** Unix milliseconds */
  last?: number;
}

/** Rooms, by their ids. Where there are more, `next` is where they begin. */
export interface ListedRooms {
  rooms: ListedRoom[];
  next?: number;
}

/**
 * Who reads the lobby: whoever connects, or who has logged in. A server that was not started with one is open
 * while registration is open: then that is its `default` now.
 */
export interface LobbySetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "members" | "open";
  default: "members" | "open";
}

/** Who logs in. */
export interface Login {
  /** Name or e-mail address */
  login: string;
  /** At most 72 bytes */
  password: string;
  /** What the person calls this device */
  device?: string;
}

/** Oneself: what only oneself sees is added. */
export interface Me {
  id: number;
  name: string;
  display?: string;
  roles?: ("admin" | "guest" | "moderator" | "operator")[];
  /** Unix milliseconds */
  changed: number;
  email?: string;
  share_reads?: boolean;
}

/** Somebody who is in a room, or banned from it, and since when; how far they have `read`, where others see that. */
export interface Member {
  person: Person;
  role?: "banned" | "member" | "moderator" | "owner";
  /** Unix milliseconds */
  joined: number;
  /** A message's number, or 0: before the first */
  read?: number;
}

/** A member has another role, or is out: banned, or with none. A joining is a message of the kind join. */
export interface MemberEvent {
  type: "member";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  person: number;
  role?: "banned" | "member" | "moderator" | "owner";
  by: number;
}

/** People, by their ids. Where there are more, `next` is where they begin. */
export interface Members {
  members: Member[];
  next?: number;
}

/** So many are in the lobby or in a support conversation now. Of other rooms their log tells who comes and goes. */
export interface MembersEvent {
  type: "members";
  room: number;
  members: number;
}

/** Somebody who is to be in a room with that role, or out of it as banned. Without a role who is in keeps theirs. */
export interface Membership {
  room: number;
  person: number;
  role?: "banned" | "member" | "moderator" | "owner";
}

/** Which messages that mention one, the newest first; `after` is the `next` of the page before. */
export interface Mentions {
  after?: number | null;
  limit?: number;
}

/** A message as it is now, as history and snapshots have it. `key` is told to its sender alone. */
export interface Message {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  seq: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  sender: Sender;
  kind?: "join" | "text";
  /** Trimmed; empty only with files */
  text?: string;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  reply?: number;
  mentions?: number[];
  all?: boolean;
  files?: FileInfo[];
  /** Unique for this person for ever */
  key?: string;
  reactions?: Reaction[];
  /** Unix milliseconds */
  edited?: number;
  deleted?: Deletion;
}

/** Something was said. In a replay it is the message as it is now. */
export interface MessageEvent {
  type: "message";
  room: number;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  seq: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  sender: Sender;
  kind?: "join" | "text";
  /** Trimmed; empty only with files */
  text?: string;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  reply?: number;
  mentions?: number[];
  all?: boolean;
  files?: FileInfo[];
  /** Unique for this person for ever */
  key?: string;
  reactions?: Reaction[];
  /** Unix milliseconds */
  edited?: number;
  deleted?: Deletion;
}

/**
 * Messages, the oldest first, with all changes of the room up to `pos`. `first`: nothing was said before them;
 * `last`: nothing was said after them.
 */
export interface Messages {
  messages: Message[];
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  first?: boolean;
  last?: boolean;
}

/** What one wants of a room; what is left out stays. */
export interface Mine {
  room: number;
  notify?: "all" | "mentions" | "none";
  hidden?: boolean;
}

/** This is the last change that was told of the room, which is not live: sync it from here for the next ones. */
export interface MoreEvent {
  type: "more";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
}

/** What the server is called. */
export interface NameSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: string;
  default: string;
}

/** Sites whose pages may show the support widget. */
export interface OriginsSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: string[];
  default: string[];
}

/**
 * A code with which its person sets another password, once, until `expires`. `url` is the path of its page on this
 * server, and `link` the whole address, where the setting `public_url` says it.
 */
export interface PasswordReset {
  code: string;
  url: string;
  link?: string;
  /** Unix milliseconds */
  expires: number;
}

/** People, by their names. Where there are more, `next` is where they begin. */
export interface People {
  people: Person[];
  next?: string;
}

/** A person. `changed` is when name, display name or roles last changed. */
export interface Person {
  id: number;
  name: string;
  display?: string;
  roles?: ("admin" | "guest" | "moderator" | "operator")[];
  /** Unix milliseconds */
  changed: number;
}

/** The profile of oneself, or of somebody whom one watches or meets in a room, has changed. */
export interface PersonEvent {
  type: "person";
  id: number;
  name: string;
  display?: string;
  roles?: ("admin" | "guest" | "moderator" | "operator")[];
  /** Unix milliseconds */
  changed: number;
}

/** Are you there? */
export interface Ping {
  type: "ping";
  /** Chosen by the client; the reply repeats it */
  id: number;
}

/** Here I am. */
export interface PingOk {
  type: "ping_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
  /** Unix milliseconds */
  at: number;
}

/** What the server is called, who may register and who reads the lobby, since one of these has just changed. */
export interface PolicyEvent {
  type: "policy";
  server: string;
  registration: "closed" | "invite" | "open";
  lobby: "members" | "open";
}

/** How far a client is in a room: its newest change, and when that was. */
export interface Position {
  room: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
}

/** Whether somebody is there. */
export interface Presence {
  id: number;
  state: "away" | "offline" | "online";
}

/** People whom one watches have come, or gone. */
export interface PresenceEvent {
  type: "presence";
  people: Presence[];
}

/** A room that everybody may join, as those see it who are not in it. */
export interface PublicRoom {
  id: number;
  name: string;
  topic?: string;
  members?: number;
}

/** Rooms, by their names. Where there are more, `next` is where they begin. */
export interface PublicRooms {
  rooms: PublicRoom[];
  next?: string;
}

/** So many; 0 for any. */
export interface RateSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: number;
  default: number;
}

/** An emoji under a message. */
export interface React {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  seq: number;
  /** One emoji: no letters, digits, spaces or controls */
  emoji: string;
}

/** Somebody reacted, or took it back; so many react with that emoji now. */
export interface ReactedEvent {
  type: "reacted";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  seq: number;
  person: number;
  /** One emoji: no letters, digits, spaces or controls */
  emoji: string;
  on?: boolean;
  count: number;
}

/** One emoji under a message, and the first of those who react with it. `mine` is in what is made for one reader. */
export interface Reaction {
  /** One emoji: no letters, digits, spaces or controls */
  emoji: string;
  count: number;
  people?: number[];
  mine?: boolean;
}

/** How far somebody has read; `unread` is told to themselves alone. */
export interface ReadEvent {
  type: "read";
  room: number;
  person: number;
  /** A message's number, or 0: before the first */
  seq: number;
  /** 100: that many or more */
  unread?: number;
  /** 100: that many or more */
  mentions?: number;
}

/** Have read up to this message; with `back` only up to there, however far one has read. */
export interface ReadUpTo {
  room: number;
  /** A message's number, or 0: before the first */
  seq: number;
  back?: boolean;
}

/** The refresh token; a browser leaves it out, as it has it in a cookie. */
export interface Refresh {
  /** Used once; opaque */
  refresh?: string | null;
}

/** A new person; `invite` where registering takes one. */
export interface Register {
  name: string;
  /** At most 72 bytes */
  password: string;
  email?: string | null;
  invite?: string | null;
  /** What the person calls this device */
  device?: string;
}

/** Who may register: anybody, whoever has an invite, or nobody. */
export interface RegistrationSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "closed" | "invite" | "open";
  default: "closed" | "invite" | "open";
}

/** Another password for whoever has the code, which an admin made for them. */
export interface ResetPassword {
  code: string;
  /** At most 72 bytes */
  password: string;
}

/** A room as HTTP answers it. */
export interface Room {
  id: number;
  kind: "direct" | "lobby" | "room" | "support";
  name?: string;
  topic?: string;
  private?: boolean;
  archived?: boolean;
  role?: "banned" | "member" | "moderator" | "owner";
  members?: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  /** A message's number, or 0: before the first */
  seq: number;
  /** A message's number, or 0: before the first */
  read: number;
  /** 100: that many or more */
  unread?: number;
  /** 100: that many or more */
  mentions?: number;
  notify?: "all" | "mentions" | "none";
  hidden?: boolean;
  last?: Message;
  peer?: Person;
  support?: Support;
}

/**
 * A room as it is now: new to the client, or its copy is void for the reason `reset`. With `reset`, what was said
 * after the message `after` can be read of the history.
 */
export interface RoomEvent {
  type: "room";
  id: number;
  kind: "direct" | "lobby" | "room" | "support";
  name?: string;
  topic?: string;
  private?: boolean;
  archived?: boolean;
  role?: "banned" | "member" | "moderator" | "owner";
  members?: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  /** A message's number, or 0: before the first */
  seq: number;
  /** A message's number, or 0: before the first */
  read: number;
  /** 100: that many or more */
  unread?: number;
  /** 100: that many or more */
  mentions?: number;
  notify?: "all" | "mentions" | "none";
  hidden?: boolean;
  last?: Message;
  peer?: Person;
  support?: Support;
  reset?: "erased" | "other_history" | "too_far";
  /** A message's number, or 0: before the first */
  after?: number;
}

/** Rooms, by their ids. Where there are more, `next` is where they begin. */
export interface Rooms {
  rooms: Room[];
  next?: number;
}

/**
 * Which messages to look for, in the rooms that one is in. `q` has words, of which each may be the beginning of
 * one, and phrases in quotes; what has a minus before it must not be in the message. `from` is who said it, and
 * `since` and `before` when. With `order` best, those of the newest that fit best come first, and there is no next
 * page.
 */
export interface Search {
  q: string;
  room?: number | null;
  from?: number | null;
  /** Unix milliseconds */
  since?: number | null;
  /** Unix milliseconds */
  before?: number | null;
  order?: "best" | "new";
  after?: number | null;
  limit?: number;
}

/** Say something, once however often it is sent. */
export interface Send {
  type: "send";
  /** Chosen by the client; the reply repeats it */
  id: number;
  room: number;
  /** Unique for this person for ever */
  key: string;
  /** Trimmed; empty only with files */
  text?: string;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  reply?: number | null;
  files?: number[];
}

/** The message is saved; `again`: it was before. */
export interface SendOk {
  type: "send_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  seq: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  again?: boolean;
}

/** Who said it, by the name of today. */
export interface Sender {
  id: number;
  name: string;
}

/** What a server is: its name and version for people, the rest for programs. */
export interface ServerInfo {
  server: string;
  version: string;
  /** The version of this protocol: 1 */
  protocol: number;
  /** Names the server's data: where it is another, so are all rooms and messages */
  data: string;
  registration: "closed" | "invite" | "open";
  lobby: "members" | "open";
  /**
   * activity, blocks, edits, files, invites, mentions, presence, reactions, read_marks, search, support, sync_pages,
   * visitors; others may be added
   */
  features: string[];
  limits: Limits;
}

/** What a login gives. `refresh` is left out where the browser has it as a cookie. */
export interface Session {
  access: string;
  /** Seconds */
  expires_in: number;
  refresh?: string;
  session: number;
  me: Me;
}

/** A session. `used` is when it was begun or last refreshed, `address` and `agent` are from where that was. */
export interface SessionInfo {
  id: number;
  kind?: "login" | "token";
  name?: string;
  /** Unix milliseconds */
  created: number;
  /** Unix milliseconds */
  used: number;
  address?: string;
  agent?: string;
  current?: boolean;
}

/** One's sessions, the last begun first. */
export interface Sessions {
  sessions: SessionInfo[];
}

/** Say whether one is at the screen. */
export interface SetStatus {
  type: "status";
  /** Chosen by the client; the reply repeats it */
  id: number;
  state: "away" | "online";
}

/** The first admin, by the code that the server printed when it started. */
export interface SetUp {
  code: string;
  name: string;
  /** At most 72 bytes */
  password: string;
  /** What the person calls this device */
  device?: string;
}

/**
 * Whether there is no admin yet, who may register, who reads the lobby, and what the server calls itself. `lobby`
 * is `open` where whoever connects reads it without logging in.
 */
export interface SetUpState {
  needed: boolean;
  registration: "closed" | "invite" | "open";
  lobby: "members" | "open";
  server: string;
}

/**
 * What an admin may change while servers run, in the units of the flags of `chat serve`. Of one address ten times
 * as much is let through as of one person, for messages, their bytes and pages.
 */
export interface Settings {
  server_name: NameSetting;
  public_url: AddressSetting;
  registration: RegistrationSetting;
  lobby: LobbySetting;
  registrations_per_hour: RateSetting;
  message_rate: RateSetting;
  message_bytes: RateSetting;
  read_rate: RateSetting;
  call_rate: RateSetting;
  widget_origins: OriginsSetting;
  widget_greeting: GreetingSetting;
}

/** Noted, until this socket says otherwise. */
export interface StatusOk {
  type: "status_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
}

/**
 * What a support conversation has beside a room: whose it is, and since when that person waits for an answer.
 * `waiting_since` is when their oldest message without an answer was said; what was said before a closing counts
 * as answered. `email` and `page` are what a visitor of the support widget gave when they began; nobody has
 * checked it. `came` is when that was. Who is `blocked` can't come in and writes nothing until an operator
 * unblocks them.
 */
export interface Support {
  person: Person;
  state?: "closed" | "open";
  assignee?: Sender;
  /** Unix milliseconds */
  waiting_since?: number;
  email?: string;
  /** http: or https:, without what stands behind ? or # */
  page?: string;
  /** Unix milliseconds */
  came?: number;
  blocked?: boolean;
}

/**
 * Whether an operator is online, the operators' own greeting, and how many bytes a visitor's file may have.
 * Without a greeting a client has its own; 0 bytes: no files.
 */
export interface SupportDesk {
  online: boolean;
  /** In one line; without one the widget has its own in the visitor's language */
  greeting?: string;
  file_bytes?: number;
}

/** A conversation is open or closed now, and an operator's or nobody's. */
export interface SupportEvent {
  type: "support";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  state: "closed" | "open";
  assignee?: Sender;
  /** Unix milliseconds */
  waiting_since?: number;
  by: number;
}

/** One's reaction to a message with an emoji, given or taken back. */
export interface SwitchReaction {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  seq: number;
  /** One emoji: no letters, digits, spaces or controls */
  emoji: string;
  on?: boolean;
}

/**
 * Be told all since these positions, and with `rest` every other room; then live. With `far` page a room that is
 * behind by more than 1000 changes, or by more than its share of `limit`, is told as many as that, and `more`: it
 * is not live until it is synced from there to its end. Else it is told as it is.
 */
export interface Sync {
  type: "sync";
  /** Chosen by the client; the reply repeats it */
  id: number;
  known?: Position[];
  rest?: boolean;
  /** Unix milliseconds */
  since?: number | null;
  far?: "page" | "reset";
  /** Changes to be told, all rooms together */
  limit?: number;
}

/** Everything was told: so many rooms. */
export interface SyncOk {
  type: "sync_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
  rooms: number;
}

/** The token, which is shown once, and its session. */
export interface Token {
  token: string;
  session: SessionInfo;
}

/** A change that this server does not know, of a newer one beside it: it counts. */
export interface UnknownEvent {
  type: "unknown";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without a gap; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
}

/** Be told whether these people are there, and of no others. */
export interface Watch {
  type: "watch";
  /** Chosen by the client; the reply repeats it */
  id: number;
  people: number[];
}

/** What they are now. */
export interface WatchOk {
  type: "watch_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
  people: Presence[];
}

/** An account. */
export interface WhichAccount {
  person: number;
}

/** A page of the accounts, those with `q` in their names or e-mail addresses, and with that role. */
export interface WhichAccounts {
  q?: string;
  role?: "admin" | "moderator" | "operator" | null;
  /** The `next` of the page before */
  after?: number;
  limit?: number;
}

/** A page of the audit: all acts, or what `person` did or was done to them, and only acts that are one of `what`. */
export interface WhichActs {
  person?: number | null;
  /** Kinds of acts, with commas between */
  what?: string;
  /** The `next` of the page before */
  after?: number;
  limit?: number;
}

/** A page of those whom one blocks. */
export interface WhichBlocks {
  /** The `next` of the page before */
  after?: string;
  limit?: number;
}

/** A page of the conversations: open or closed ones, and those of one operator. */
export interface WhichConversations {
  state?: "closed" | "open" | null;
  /** 0: nobody's */
  assignee?: number | null;
  /** The `next` of the page before */
  after?: string;
  limit?: number;
}

/** A file. */
export interface WhichFile {
  id: number;
}

/** An invite, by its code. */
export interface WhichInvite {
  code: string;
}

/** A page of the invites that one made. */
export interface WhichInvites {
  /** The `next` of the page before */
  after?: string;
  limit?: number;
}

/** An invite that one made, by its id. */
export interface WhichIssuedInvite {
  /** Names an invite to who may see it; it lets nobody in */
  id: string;
}

/** A room that people made. */
export interface WhichListedRoom {
  room: number;
}

/** A page of all rooms, those with `q` in their names. */
export interface WhichListedRooms {
  q?: string;
  /** The `next` of the page before */
  after?: number;
  limit?: number;
}

/** Somebody in a room. */
export interface WhichMember {
  room: number;
  person: number;
}

/** A page of the people in a room, or of those who are banned from it. */
export interface WhichMembers {
  room: number;
  role?: "banned" | null;
  /** The `next` of the page before */
  after?: number;
  limit?: number;
}

/** A message of a room. */
export interface WhichMessage {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  seq: number;
}

/** A page of all people, those with `q` in their names. */
export interface WhichPeople {
  q?: string;
  /** The `next` of the page before */
  after?: string;
  limit?: number;
}

/** A person. */
export interface WhichPerson {
  person: number;
}

/** A page of the rooms that one may join, those with `q` in their names. */
export interface WhichPublicRooms {
  q?: string;
  /** The `next` of the page before */
  after?: string;
  limit?: number;
}

/** A room. */
export interface WhichRoom {
  room: number;
}

/** An invite to a room, by its id. */
export interface WhichRoomInvite {
  /** Names an invite to who may see it; it lets nobody in */
  id: string;
  room: number;
}

/** A page of the invites to a room. */
export interface WhichRoomInvites {
  /** The `next` of the page before */
  after?: string;
  limit?: number;
  room: number;
}

/** A page of one's own rooms. */
export interface WhichRooms {
  /** The `next` of the page before */
  after?: number;
  limit?: number;
}

/** A session of one's own. */
export interface WhichSession {
  id: number;
}

/** Which messages of a room that have files, the newest first; `after` is the `next` of the page before. */
export interface WithFiles {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without a gap */
  after?: number | null;
  limit?: number;
}

export type Request =
  | Hello
  | Sync
  | Send
  | Activity
  | Watch
  | SetStatus
  | Ping;

export type Reply =
  | HelloOk
  | SyncOk
  | SendOk
  | ActivityOk
  | WatchOk
  | StatusOk
  | PingOk
  | ErrorReply;

export type Event =
  | MessageEvent
  | EditedEvent
  | DeletedEvent
  | ReactedEvent
  | SupportEvent
  | MemberEvent
  | ChangedEvent
  | UnknownEvent
  | MoreEvent
  | RoomEvent
  | GoneEvent
  | ReadEvent
  | PolicyEvent
  | ActivityEvent
  | MembersEvent
  | PresenceEvent
  | PersonEvent
  | ByeEvent;
