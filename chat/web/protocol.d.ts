// What travels between the page and the server, made of the server's types by `make protocol-types`; a test compares.
// A field at its default is left out, so most are optional. Fields, events and codes may be added.

/** A person as admins see them; `sessions` counts their log-ins and API tokens, `second_factor`: they have one. */
export interface Account {
  id: number;
  name: string;
  display?: string;
  /** Its SHA-256 in hex: it is at `/api/v1/pictures/{picture}` */
  picture?: string;
  status?: PersonStatus;
  roles?: ("admin" | "guest" | "moderator" | "operator")[];
  /** Unix milliseconds */
  changed: number;
  email?: string;
  disabled?: boolean;
  /** Unix milliseconds */
  created: number;
  sessions?: number;
  second_factor?: boolean;
}

/** Accounts, by id. If there are more, `next` is the `after` of the next page. */
export interface Accounts {
  people: Account[];
  next?: number;
}

/**
 * An act in the audit: its kind, time, person and room; without `by` it was a command on the server. `detail` is
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

/** Announce to a room that one is typing, viewing it (operators, in support), or neither any more. */
export interface Activity {
  type: "activity";
  /** Chosen by the client; the reply repeats it */
  id: number;
  room: number;
  what: "none" | "typing" | "viewing";
}

/** A person's activity in a room. It ends after 6 seconds without a repeat, and with their next message. */
export interface ActivityEvent {
  type: "activity";
  room: number;
  person: Sender;
  what: "none" | "typing" | "viewing";
}

/** The activity is announced, or was a moment ago. */
export interface ActivityOk {
  type: "activity_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
}

/** Acts, newest first. If there are older ones, `next` is the `after` of the next page. */
export interface Acts {
  entries: Act[];
  next?: number;
}

/** A new answer: one's own, as an operator, or a shared one, as an admin. */
export interface AddCannedAnswer {
  /** 1 to 32 letters, digits, - and _; kept in lower case */
  shortcut: string;
  /** 1 to 4,000 characters */
  text: string;
  shared?: boolean;
}

/** A folder to make. */
export interface AddFolder {
  name: string;
}

/** A new label. */
export interface AddLabel {
  /** 1 to 32 characters; of each name there is one label */
  name: string;
  colour?: "blue" | "green" | "grey" | "orange" | "purple" | "red";
}

/** A note behind the newest message of a support conversation. */
export interface AddNote {
  room: number;
  /** 1 to 4,000 characters */
  text: string;
}

/** What a browser answers (AuthenticatorAttestationResponse), each part in base64url, and a name for it. */
export interface AddPasskey {
  /** base64url */
  id: string;
  /** base64url */
  client_data: string;
  /** base64url */
  attestation: string;
  transports: string[];
  name?: string;
}

/** A new team. */
export interface AddTeam {
  /** 1 to 32 characters; of each name there is one team */
  name: string;
  in_turn?: boolean;
  default?: boolean;
  /** Operators, at most 100 */
  members?: number[];
}

/** The new passkey. `recovery_codes` come with the first second factor, and are shown only here. */
export interface AddedPasskey {
  passkey: PasskeyInfo;
  recovery_codes: string[];
}

/** The address at which people reach the server, for links to it; empty: unknown. */
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

/** The email address of one's account, whether it is confirmed, and whether the server sends mail. */
export interface AddressState {
  email: string | null;
  confirmed: boolean;
  mail: boolean;
}

/** Bots of all people, by id. If there are more, `next` is the `after` of the next page. */
export interface AllBots {
  bots: Bot[];
  next?: number;
}

/** Hooks of all rooms, by id. If there are more, `next` is the `after` of the next page. */
export interface AllHooks {
  hooks: RoomHook[];
  next?: number;
}

/** Outgoing hooks of all people, by id. If there are more, `next` is the `after` of the next page. */
export interface AllSentHooks {
  hooks: SentHook[];
  next?: number;
}

/** Where people appeal whose account is disabled or whose network is banned; empty: nowhere. */
export interface AppealSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  /** As https://help.example/appeal or help@chat.example; empty: none */
  value: string;
  /** As https://help.example/appeal or help@chat.example; empty: none */
  default: string;
}

/** A link to the export: its path on this server, and when it ends, in Unix milliseconds. */
export interface ArchiveLink {
  path: string;
  until: number;
}

/** The latest export, and how far it is: `done` of about `whole` of its stage. Times in Unix milliseconds. */
export interface ArchiveState {
  state: "failed" | "made" | "making" | "waiting";
  asked: number;
  room?: number;
  person?: number;
  /** Of the room or person */
  name?: string;
  files?: boolean;
  /** log: entries of the log; files; packing: bytes */
  stage?: string;
  done?: number;
  whole?: number;
  /** Bytes, once it is made */
  size?: number;
  /** When it is removed */
  until?: number;
  /** no_space, disk, bad, or stopped: its process stopped by itself */
  failure?: string;
  /** Why it failed, in English */
  problem?: string;
}

/** The language of the mail. */
export interface AskConfirmation {
  language?: "de" | "en" | "es" | "fr" | "pt" | "ru" | "zh";
}

/** A request for an export; `password` is one's own, if there is one. */
export interface AskExport {
  /** At most 72 bytes */
  password?: string | null;
}

/** A message of one's own, and the `token` of a preview of a link in it. */
export interface AttachPreview {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  preview: string;
}

/** Whether nobody answers while no operator is online, also within the opening hours. */
export interface AwayWithoutOperatorsSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "off" | "on";
  default: "off" | "on";
}

/**
 * The backups of the server that answers. A time is left out if it never happened, `next` also if none is planned.
 * `made` and `proven_made` are when the newest and the last proven backup began: older messages are in them.
 * `proven` is when a restore was last tried and whole. `bytes` and `seconds` are what the newest one took; what it
 * shares with the one before is not copied. `problem` says why the last backup or proof failed, if it did.
 */
export interface Backups {
  /** Unix milliseconds */
  made?: number;
  bytes?: number;
  seconds?: number;
  /** Unix milliseconds */
  proven?: number;
  /** Unix milliseconds */
  proven_made?: number;
  /** Unix milliseconds */
  next?: number;
  problem?: string;
  /** Unix milliseconds */
  problem_at?: number;
}

/**
 * A ban of a network; without `until` for good, without `by` from a command. With `registering` nobody registers
 * from there without an invitation; people who have an account get in.
 */
export interface Ban {
  id: number;
  /** As 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32 */
  network: string;
  registering?: boolean;
  /** Unix milliseconds */
  until?: number;
  /** For admins; it may be empty */
  reason?: string;
  /** Unix milliseconds */
  at: number;
  by?: Sender;
}

/**
 * A network to ban. It takes the place of a ban of the same network. `own`: also if the request comes from there,
 * and so bans its sender.
 */
export interface BanNetwork {
  /** As 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32 */
  network: string;
  registering?: boolean;
  /** Unix milliseconds */
  until?: number | null;
  /** For admins; it may be empty */
  reason?: string;
  own?: boolean;
}

/** The bans that hold, the newest first. `own`: the network address that the request came from. */
export interface Bans {
  bans: Ban[];
  own: string;
}

/** A call to begin; repeating it with the same key begins one. */
export interface BeginCall {
  room: number;
  /** Chosen by the client; unique among all messages of this person */
  key: string;
}

/** A file that is going to be uploaded; `password` is one's own, if there is one. */
export interface BeginImport {
  /** At most 72 bytes */
  password?: string | null;
  /** archive: of this software */
  source: "archive" | "discord" | "mattermost" | "rocketchat" | "slack" | "zulip";
  /** Of the file */
  name: string;
  /** Bytes */
  size: number;
}

/**
 * What the log-in is for: a session, or to `link` one's own account. To link, one proves who one is: by the
 * password, if there is one, and a code of the second factor, if there is one.
 */
export interface BeginProviderLogin {
  link?: boolean;
  /** At most 72 bytes, to link */
  password?: string | null;
  /** A code of one's second factor, for people who have one */
  code?: string | null;
}

/** One's own password, and a code of a passkey, for a new secret; each if there is one. */
export interface BeginSecondFactor {
  /** At most 72 bytes */
  password?: string | null;
  /** A code of one's second factor, for people who have one */
  code?: string | null;
}

/** The person blocks these people now, and no others: they have changed it in some session. */
export interface BlocksEvent {
  type: "blocks";
  people: number[];
}

/**
 * A bot: the account of a program. `used` is the last use of one of its tokens, to the minute. `off`: it, or its
 * owner, is disabled. `off_by_admin`: an admin did that, so its owner can't switch it on.
 */
export interface Bot {
  id: number;
  /** As messages show it, which end it with ` (bot)`; it is unique among bots */
  name: string;
  owner: Sender;
  /** read: receive and search what is said; speak: send, edit and delete its own messages; react: react to messages */
  scopes: Scope[];
  off?: boolean;
  off_by_admin?: boolean;
  /** Unix milliseconds */
  made: number;
  /** Unix milliseconds */
  used?: number;
  rooms?: RoomOfBot[];
}

/** A bot of a room. A message that begins with `/` and one of `commands` calls it, and so does its name. */
export interface BotHere {
  id: number;
  /** As messages show it, which end it with ` (bot)`; it is unique among bots */
  name: string;
  owner: Sender;
  commands?: string[];
}

/** A bot and a room. */
export interface BotInRoom {
  bot: number;
  room: number;
}

/** A token of a bot. `used` is the time of its last use, to the minute; of its making before it is used. */
export interface BotToken {
  id: number;
  name: string;
  /** Unix milliseconds */
  made: number;
  /** Unix milliseconds */
  used: number;
}

/** A token of a bot, which is shown once. */
export interface BotTokenMade {
  token: string;
  id: number;
}

/** The bots of a room, by id: accounts that are in it, and hooks that answer in it. */
export interface BotsHere {
  bots: BotHere[];
}

/** The server stops; connect again after `after_ms` milliseconds. */
export interface ByeEvent {
  type: "bye";
  after_ms: number;
}

/** The message with the link: `📞`, a space, and the address. */
export interface CallBegun {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
}

/** Where calls are held, with `{room}` for the name of one; empty: there are none. */
export interface CallUrlSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  /** As https://meet.example/{room}: {room} becomes a name that nobody can guess; empty: no calls */
  value: string;
  /** As https://meet.example/{room}: {room} becomes a name that nobody can guess; empty: no calls */
  default: string;
}

/**
 * A text that operators send by its shortcut: one's own, or a shared one. Clients fill in `{visitor}`,
 * `{operator}` and `{page}`.
 */
export interface CannedAnswer {
  id: number;
  /** 1 to 32 letters, digits, - and _; kept in lower case */
  shortcut: string;
  /** 1 to 4,000 characters */
  text: string;
  shared?: boolean;
}

/** Answers in the order in which they were made. If there are more, `next` is the `after` of the next page. */
export interface CannedAnswers {
  answers: CannedAnswer[];
  next?: number;
}

/** A value in the text of a cause: the name of a file, a number, or an error in English. */
export interface CauseValue {
  name: string;
  value: string;
}

/**
 * Changes of an account; fields that are left out stay. `roles` replaces all roles; instead, `operator`,
 * `moderator` and `admin` give or remove one role each.
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

/**
 * What changes of a bot; fields that are left out stay. An admin changes `off` of any bot. A bot that is `off`
 * does nothing and is not called; it keeps its tokens and rooms.
 */
export interface ChangeBot {
  bot: number;
  /** As messages show it, which end it with ` (bot)`; it is unique among bots */
  name?: string | null;
  /** read: receive and search what is said; speak: send, edit and delete its own messages; react: react to messages */
  scopes?: Scope[] | null;
  off?: boolean | null;
}

/** A new shortcut or text of an answer; fields that are left out stay. */
export interface ChangeCannedAnswer {
  answer: number;
  /** 1 to 32 letters, digits, - and _; kept in lower case */
  shortcut?: string | null;
  /** 1 to 4,000 characters */
  text?: string | null;
}

/** The new name of a folder. */
export interface ChangeFolder {
  folder: number;
  name: string;
}

/** What changes of a hook; fields that are left out stay. */
export interface ChangeHook {
  room: number;
  hook: number;
  /** As messages show it, which end it with ` (hook)`; it need not be unique */
  name?: string | null;
  /** Whether its messages mention people, and everybody */
  mentions?: boolean | null;
}

/** A new name or colour of a label; fields that are left out stay. */
export interface ChangeLabel {
  label: number;
  /** 1 to 32 characters; of each name there is one label */
  name?: string | null;
  colour?: "blue" | "green" | "grey" | "orange" | "purple" | "red" | null;
}

/** Changes of a room that people made; fields that are left out stay. */
export interface ChangeListedRoom {
  room: number;
  name?: string;
  archived?: boolean;
}

/** Changes of one's own profile: fields that are left out stay, null removes the display name or email address. */
export interface ChangeMe {
  name?: string;
  display?: string | null;
  email?: string | null;
  share_reads?: boolean;
}

/** The new text of a message. */
export interface ChangeMessage {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** Trimmed; empty only with files */
  text: string;
}

/** The current password and the new one. */
export interface ChangePassword {
  /** At most 72 bytes */
  old: string;
  /** At most 72 bytes */
  new: string;
}

/** Words to add, and words to remove. Those that differ only in case or width are one word. */
export interface ChangeReviewWords {
  add?: string[];
  remove?: string[];
}

/** Changes of a room; fields that are left out stay. */
export interface ChangeRoom {
  room: number;
  name?: string;
  topic?: string;
  private?: boolean;
  archived?: boolean;
}

/** The new text of a scheduled message, or the new time, or both. */
export interface ChangeScheduled {
  scheduled: number;
  /** Trimmed; empty only with files */
  text?: string | null;
  /** Unix milliseconds */
  at?: number | null;
}

/**
 * What changes of an outgoing hook; fields that are left out stay. With an earlier `position` it sends the changes
 * after it again, with a later one it skips those before it. Without one, `since` means the position of the last
 * message before a time. `gateway` and `token` are for bridges only.
 */
export interface ChangeSentHook {
  hook: number;
  url?: string | null;
  /** Types of the socket's events, as `message`; none: all */
  kinds?: string[] | null;
  /** An id of the log of all rooms */
  position?: number | null;
  /** Unix milliseconds */
  since?: number | null;
  on?: boolean | null;
  gateway?: string | null;
  token?: string | null;
}

/** Changes of the settings; fields that are left out stay, null returns to the default. */
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
  /** In days; 0: for ever */
  message_days?: number | null;
  rooms_keep?: "any" | "server" | "shorter" | null;
  outbound_hosts?: string[] | null;
  push_texts?: "off" | "on" | null;
  second_factor?: "admins" | "everybody" | "off" | "operators" | null;
  /** In days; 0: for ever */
  support_close_days?: number | null;
  /** In days; 0: for ever */
  support_remove_days?: number | null;
  /** In days; 0: for ever */
  edit_days?: number | null;
  /** In days; 0: for ever */
  change_days?: number | null;
  /** In days; 0: for ever */
  key_days?: number | null;
  /** In days; 0: for ever */
  deleted_days?: number | null;
  login?: "both" | "password" | "sso" | null;
  login_links?: "off" | "on" | null;
  server_picture?: string | null;
  server_colour?: string | null;
  link_previews?: "off" | "on" | null;
  support_hours?: string[] | null;
  /** The name of a time zone, as Europe/Berlin */
  support_time_zone?: string | null;
  support_holidays?: string[] | null;
  when_away?: "form" | "hide" | "message" | null;
  away_without_operators?: "off" | "on" | null;
  /** In hours; 0: none */
  newcomer_hours?: number | null;
  /** As https://help.example/appeal or help@chat.example; empty: none */
  appeal_address?: string | null;
  inviting?: "admins" | "everybody" | null;
  /** In days; 0: for ever */
  inviting_days?: number | null;
  /** 0: any number */
  open_invites?: number | null;
  /** As https://meet.example/{room}: {room} becomes a name that nobody can guess; empty: no calls */
  call_url?: string | null;
  custom_emoji?: string | null;
  emoji_makers?: "admins" | "everybody" | null;
}

/**
 * Changes of a conversation; fields that are left out stay. `was` is the assignee that the conversation must have
 * now, null for none; else the change is refused. To claim it, send `assignee` = oneself and `was` = null.
 * `blocked` blocks its visitor, which also closes it, or unblocks them.
 */
export interface ChangeSupport {
  room: number;
  state?: "closed" | "open";
  assignee?: number | null;
  was?: number | null;
  blocked?: boolean;
}

/** Changes of a team; fields that are left out stay. */
export interface ChangeTeam {
  team: number;
  /** 1 to 32 characters; of each name there is one team */
  name?: string;
  in_turn?: boolean;
  default?: boolean;
  /** Operators, at most 100 */
  members?: number[];
}

/** The room has a new name, topic or setting; all of them are included. */
export interface ChangedEvent {
  type: "changed";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  name: string;
  topic?: string;
  private?: boolean;
  archived?: boolean;
  by: number;
}

/** When unread messages are mailed to one. */
export interface ChooseMail {
  /** Seconds for which a message stays unread until it is mailed; 0: never */
  after: number;
}

/** Whether one's pushes have the texts of messages. */
export interface ChoosePush {
  text: boolean;
}

/**
 * Times of a day in which nothing notifies one, by the clocks of `zone`, from `start` to `end`. They begin on
 * `days`. An `end` that is not after `start` is on the next day. Messages of `people` notify at any time; ids of
 * nobody are left out.
 */
export interface ChooseQuietHours {
  on: boolean;
  /** HH:MM */
  start: string;
  /** HH:MM */
  end: string;
  days: ("fri" | "mon" | "sat" | "sun" | "thu" | "tue" | "wed")[];
  /** The name of a time zone, as Europe/Berlin */
  zone: string;
  people?: number[];
}

/** The name of the team that one's conversation begins with. */
export interface ChooseTeam {
  team: string;
}

/** Whose messages to delete, and of how many hours before now. */
export interface CleanUp {
  person: number;
  hours: number;
  /** the `next` of the reply before */
  after?: number | null;
}

/** How many messages were deleted now. If there may be more, `next` is the `after` of the next request. */
export interface CleanedUp {
  deleted: number;
  next?: number;
}

/** The reason, for programs. */
export type Code = "conflict" | "expired" | "forbidden" | "gone" | "internal" | "invalid" | "malformed" | "not_found" | "outcome_unknown" | "taken" | "too_big" | "too_many" | "unauthenticated" | "unavailable" | "unknown_type";

/** The colour of the log-in page, as #1a7f5a; empty: the usual one. */
export interface ColourSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: string;
  default: string;
}

/** The code of a mailed link. */
export interface ConfirmAddress {
  code: string;
}

/** A code of the new secret. */
export interface ConfirmSecondFactor {
  /** A code of one's second factor, for people who have one */
  code: string;
}

/**
 * How many support conversations of others are open, wait for an answer, and are assigned to oneself. `unread` is
 * the number of unread messages, to 100 for each conversation, in `unread_in` conversations that one has not muted
 * or hidden.
 */
export interface ConversationCounts {
  open: number;
  waiting: number;
  mine: number;
  unread: number;
  unread_in: number;
}

/** Conversations: first those that wait for an answer, longest first. `next` is the `after` of the next page. */
export interface Conversations {
  rooms: Room[];
  next?: string;
}

/** The read mark, the number of unread messages, and how many of those mention the reader. */
export interface Counts {
  /** A message's number, or 0: before the first */
  read: number;
  /** 100 stands for 100 or more */
  unread?: number;
  /** 100 stands for 100 or more */
  mentions?: number;
}

/** A person to add, with a first password. */
export interface CreateAccount {
  name: string;
  /** At most 72 bytes */
  password: string;
  roles?: ("admin" | "moderator" | "operator")[];
}

/** A bot to make. */
export interface CreateBot {
  /** As messages show it, which end it with ` (bot)`; it is unique among bots */
  name: string;
  /** read: receive and search what is said; speak: send, edit and delete its own messages; react: react to messages */
  scopes: Scope[];
}

/** A new token of a bot, valid for `days`; `password` is one's own, if there is one. */
export interface CreateBotToken {
  bot: number;
  name: string;
  /** At most 72 bytes */
  password?: string | null;
  days?: number;
}

/** A file to upload for a message in that room, and its name. */
export interface CreateFile {
  room: number;
  name?: string;
}

/** A hook to make. */
export interface CreateHook {
  room: number;
  /** As messages show it, which end it with ` (hook)`; it need not be unique */
  name: string;
  /** Whether its messages mention people, and everybody */
  mentions?: boolean;
}

/** An invite to create, to a room or (without `room`) to register, for a number of people and days. */
export interface CreateInvite {
  room?: number | null;
  uses?: number;
  days?: number;
}

/** A message to send; repeating it with the same key saves it once. */
export interface CreateMessage {
  room: number;
  /** Chosen by the client; unique among all messages of this person */
  key: string;
  /** Trimmed; empty only with files */
  text?: string;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  reply?: number | null;
  files?: number[];
}

/** A room to create. */
export interface CreateRoom {
  name: string;
  topic?: string;
  private?: boolean;
}

/**
 * An outgoing hook to make; without `room` for all rooms of an admin. It begins after `position`, or at the end.
 * With `bot`, a hook of the room, or without `room` a bot of one's own, the bot is called. With `gateway` and a
 * hook of the room it is a bridge, and `url` that of a matterbridge's API with this `token`.
 */
export interface CreateSentHook {
  url: string;
  room?: number | null;
  /** Types of the socket's events, as `message`; none: all */
  kinds?: string[];
  /** An id of the log of all rooms */
  position?: number | null;
  bot?: number | null;
  command?: string | null;
  gateway?: string | null;
  token?: string;
}

/** A new API token for a program, valid for `days`; `password` is one's own, if there is one. */
export interface CreateToken {
  name: string;
  /** At most 72 bytes */
  password?: string | null;
  days?: number;
}

/** A visitor of a web page: name, email address and page, all optional. The page's query is not kept. */
export interface CreateVisitor {
  name?: string | null;
  email?: string | null;
  /** http: or https:, without query and fragment */
  page?: string | null;
}

/** An emoji of the server; its image is served as a picture. */
export interface CustomEmoji {
  /** Small letters a to z, digits, '-' and '_'; `:name:` in texts */
  name: string;
  /** Its SHA-256 in hex: it is at `/api/v1/pictures/{picture}` */
  picture: string;
  maker: number;
}

/** All emoji of the server by name, and whether one may add some. */
export interface CustomEmojiList {
  emoji: CustomEmoji[];
  may_add?: boolean;
}

/** A reaction with an emoji of the server. */
export interface CustomReaction {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** Small letters a to z, digits, '-' and '_'; `:name:` in texts */
  name: string;
}

/** Whether one reacts with this emoji now; `pos` is of the last change of the room. */
export interface CustomReactionNow {
  reacted?: boolean;
  pos: number;
}

/** For how many days something is kept, or a conversation stays open; 0: for ever. */
export interface DaysSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  /** In days; 0: for ever */
  value: number;
  /** In days; 0: for ever */
  default: number;
}

/** A message is deleted; without `by` it was a command on the server. */
export interface DeletedEvent {
  type: "deleted";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  by?: number;
}

/** When a message was deleted, and by whom; without `by` it was a command on the server. */
export interface Deletion {
  /** Unix milliseconds */
  at: number;
  by?: number;
}

/**
 * The last try to send a push to a browser; `device` is the name of its log-in. `state`: sent, gone (the browser
 * has no subscription any more), retry, failed, or unknown (sent twice without an answer). `error` where there was
 * no answer.
 */
export interface Delivery {
  device: string;
  state: string;
  status?: number;
  error?: string;
  /** Unix milliseconds */
  at: number;
  /** When the browser showed it, as it reports */
  shown_at?: number;
  /** When it was clicked there */
  clicked_at?: number;
}

/**
 * Figures of conversations: of a week (its Monday), of the operator who answered first, or of all. A conversation
 * that begins again after a closing counts again. `answer_…` and `close_…`: seconds until the first answer and
 * until the closing, in half of them and in nine of ten. Without `operator`, in a list by operator: of those that
 * nobody has answered.
 */
export interface DeskFigures {
  /** As 2026-11-23 */
  week?: string;
  operator?: Sender;
  cases: number;
  answered?: number;
  closed?: number;
  /** In seconds */
  answer_median?: number;
  /** In seconds */
  answer_90?: number;
  /** In seconds */
  close_median?: number;
  /** In seconds */
  close_90?: number;
  good?: number;
  bad?: number;
}

/** The figures since the Monday `since`, by the clocks of `zone`; `in_hours`: only opening hours count as time. */
export interface DeskReport {
  /** As 2026-11-23 */
  since: string;
  zone: string;
  in_hours?: boolean;
  all: DeskFigures;
  weeks: DeskFigures[];
  operators: DeskFigures[];
}

/** A text that was typed and not sent. */
export interface Draft {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  thread?: number;
  /** As it was typed; empty: there is nothing any more */
  text?: string;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  reply?: number;
  /** Unix milliseconds */
  at: number;
}

/** The person has typed this on a device, sent it (then the text is empty), or deleted it. */
export interface DraftEvent {
  type: "draft";
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  thread?: number;
  /** As it was typed; empty: there is nothing any more */
  text?: string;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  reply?: number;
  /** Unix milliseconds */
  at: number;
  /** Chosen by the client; the event has it */
  device?: string;
}

/** One's drafts, the last typed first. One with an empty text was sent or deleted. */
export interface DraftList {
  drafts: Draft[];
}

/** A reminder that is due, and the time for which it was set. */
export interface DueReminder {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** Unix milliseconds */
  at: number;
}

/** Other conversations whose visitors gave the same email address, the last active first; it is not verified. */
export interface EarlierConversations {
  rooms: Room[];
}

/** A text of a message, and since when it had it. */
export interface Edit {
  /** Unix milliseconds */
  at: number;
  /** Trimmed; empty only with files */
  text: string;
}

/** A message has a new text, which mentions these people or, with `all`, everybody. */
export interface EditedEvent {
  type: "edited";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** Trimmed; empty only with files */
  text: string;
  mentions?: number[];
  all?: boolean;
}

/** All texts of a message, oldest first: the original, its edits, the current one. */
export interface Edits {
  edits: Edit[];
}

/** The last change of the server's emoji; the server sets it. */
export interface EmojiChangeSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: string;
  default: string;
}

/** Who may add emoji of the server. */
export interface EmojiMakersSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "admins" | "everybody";
  default: "admins" | "everybody";
}

/**
 * An error: a sentence, a code for programs, the field that it concerns, and when to retry (milliseconds). `room`
 * and `seq` name the message that was sent with the key before, `holder` the operator who has the conversation.
 * `text` repeats `error` under the name that the socket uses. `reason` is the stable key of the text. `appeal` is
 * where people appeal, a page or a mail address, if the server has one.
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
  appeal?: string;
}

/**
 * The request is refused; `id` is 0 if the request's own can't be read. `reason` is the stable key of `text`;
 * `error` repeats `text` under the name that HTTP uses. `room` and `seq` name the message that was sent with the
 * key before.
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
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq?: number;
}

/** A link to one's own export: its path on this server, and when it ends, in Unix milliseconds. */
export interface ExportLink {
  path: string;
  until: number;
}

/** One's own export: asked for, made or failed, and the percentage that is made. Times in Unix milliseconds. */
export interface ExportState {
  state: "failed" | "made" | "making";
  asked: number;
  percent: number;
  /** Bytes of the archive, once it is made */
  size?: number;
  /** When it is removed */
  until?: number;
  /** too_big: no space is left for it; disk: the disk failed */
  failure?: string;
}

/** A preview, and the token by which a message of one's own in that room gets it, for some hours. */
export interface FetchedPreview {
  preview: Preview;
  token: string;
}

/** A file: `size` in bytes; `width` and `height` in pixels, for images of a known size. */
export interface FileInfo {
  id: number;
  name: string;
  type: string;
  size: number;
  width?: number;
  height?: number;
}

/** Messages with files, newest first. If there are more, `next` is the `after` of the next page. */
export interface FilesOfRoom {
  messages: Message[];
  /** A message's number in its room: 1, 2, 3 … without gaps */
  next?: number;
}

/** The first message at that time or later. */
export interface FirstSince {
  /** Left out where nobody has written since */
  seq?: number;
}

/** The person has changed their folders in some session; an event with a lower version may come late. */
export interface FoldersEvent {
  type: "folders";
  version?: number;
  folders?: RoomFolder[];
}

/** The thread of a message, to follow or to unfollow. */
export interface FollowThread {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  on?: boolean;
}

/** Whether one follows the thread now. */
export interface Following {
  /** The message with which the thread begins */
  root: number;
  following: boolean;
}

/** The email address of an account, and the language of the mail. */
export interface Forgot {
  email: string;
  language?: "de" | "en" | "es" | "fr" | "pt" | "ru" | "zh";
}

/** A message to forward; repeating it with the same key sends it once. */
export interface ForwardMessage {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** The room to send it to */
  to: number;
  /** Chosen by the client; unique among all messages of this person */
  key: string;
  /** Stands before the quote */
  text?: string;
}

/** The new message. */
export interface Forwarded {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
}

/**
 * Hands a conversation over to a team, which frees it; without one it is of no team. `was` is the assignee that
 * the conversation must have now, null for none; else it is refused.
 */
export interface GiveToTeam {
  room: number;
  team?: number | null;
  was?: number | null;
}

/** The person has lost a room. `closed`: a support conversation, until somebody sends to it. */
export interface GoneEvent {
  type: "gone";
  room: number;
  reason: "closed" | "deleted" | "removed";
}

/** The first message of the support widget; empty: the widget's own. */
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

/** The people of a group; oneself is one of them in any case. */
export interface GroupOf {
  people: number[];
}

/** What to do about a reported message; nothing: its reports are dismissed. */
export interface HandleReports {
  reported: number;
  /** Delete the message */
  delete?: boolean;
  /** Ban its author from the room */
  ban?: boolean;
  /** Disable its author's account, as an admin */
  disable?: boolean;
}

/** When and by whom the reports of a message were handled, and by which deeds; none: they were dismissed. */
export interface HandledReport {
  /** Unix milliseconds */
  at: number;
  by?: Sender;
  done?: ("ban" | "delete" | "disable")[];
}

/**
 * A message that is held for review, or with `seq` a new text for that message. `removed`: a moderator did not
 * allow it. `refused`: it was allowed, and could not be sent. Neither: it waits. Authors see neither `word` nor
 * `by`.
 */
export interface HeldMessage {
  id: number;
  room: number;
  /** The room's */
  name?: string;
  author: Sender;
  /** Chosen by the client; unique among all messages of this person */
  key?: string;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq?: number;
  /** Trimmed; empty only with files */
  text?: string;
  files?: string[];
  /** Unix milliseconds */
  at: number;
  removed?: boolean;
  refused?: NotSentAfterReview;
  /** The word that it has */
  word?: string;
  /** Unix milliseconds */
  handled?: number;
  by?: Sender;
}

/** Held messages, the last first. If there are more, `next` is the `after` of the next page. */
export interface HeldPage {
  held: HeldMessage[];
  next?: number;
  /** How many wait; 100 stands for 100 or more */
  count?: number;
}

/** Authenticate; repeat it with a fresh token before the old one expires. */
export interface Hello {
  type: "hello";
  /** Chosen by the client; the reply repeats it */
  id: number;
  token: string;
  /** The person's name for this device */
  client?: string;
  /** The version that the client speaks */
  protocol?: number;
}

/**
 * The authenticated person, and the server's version, features and limits. Fields may be added. `lobby` is `open`
 * if clients read it without logging in, `calls` whether one can begin a call, `emoji` the last change of the
 * server's own emoji; a `policy` event announces a change. With another `restored` than before, changes after its
 * `until` that the client knows may be gone, and others have their numbers.
 */
export interface HelloOk {
  type: "hello_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
  me: Me;
  server: string;
  lobby: "members" | "open";
  calls?: boolean;
  emoji?: string;
  version: string;
  /** The version of this protocol: 1 */
  protocol: number;
  /** Identifies the server's data: if it changes, all rooms and messages are others */
  data: string;
  restored?: Restored;
  /**
   * activity, address_bans, addresses, blocks, bots, calls, canned_answers, clean_up, conversation_pages,
   * custom_emoji, dates, desk_report, drafts, earlier, edits, exports, files, folders, forwarding, groups, hooks,
   * invites, labels, leaving, mail, mentions, missed_mail, newcomers, notes, oidc, outgoing_hooks, pictures, pins,
   * positions, presence, previews, push, quiet_hours, ratings, reactions, read_marks, recovery, reports, retention,
   * review, saved, scheduled, search, second_factor, slow_mode, starting_rooms, statuses, support, support_mail,
   * sync_pages, teams, threads, transcripts, transfers, verified_visitors, visitor_list, visitors; others may be
   * added
   */
  features: string[];
  limits: Limits;
  /** Unix milliseconds */
  expires_at: number;
}

/** Messages of a room: before, after or around a message; without these the newest. */
export interface History {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  before?: number | null;
  /** A message's number, or 0: before the first */
  after?: number | null;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  around?: number | null;
  limit?: number;
}

/** A found message. `pieces` is its text, alternately plain and matching; the first piece is plain. */
export interface Hit {
  message: Message;
  pieces?: string[];
}

/** Found messages. If there are more, `next` is the `after` of the next page. */
export interface Hits {
  hits: Hit[];
  next?: number;
}

/**
 * A hold, and its reason: nothing of its target is removed by age or with an account, until it is lifted. `target`
 * is the id of the room or person; `name` is its name of today.
 */
export interface Hold {
  id: number;
  kind: "person" | "room" | "server";
  target?: number;
  name?: string;
  reason: string;
  /** Unix milliseconds */
  at: number;
  by?: Sender;
}

/** The person who has the requested conversation. */
export interface Holder {
  id: number;
  name: string;
}

/** All holds, the oldest first. */
export interface Holds {
  holds: Hold[];
}

/** An outgoing hook and its secret, which signs its calls and is shown once. */
export interface HookWithSecret {
  hook: SentHook;
  secret: string;
}

/**
 * A hook and its token, which is shown once. `path` is where tools post on this server. `link` is the whole
 * address, if the setting `public_url` is known.
 */
export interface HookWithToken {
  hook: RoomHook;
  token: string;
  path: string;
  link?: string;
}

/** A room that people made, or the lobby. */
export interface HooksOfRoom {
  room: number;
}

/** A room whose changes are sent. */
export interface HooksSentFrom {
  room: number;
}

/** Hosts that the server may send requests to though their addresses are private: names, addresses, networks. */
export interface HostsSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: string[];
  default: string[];
}

/** A number of hours; 0: none. */
export interface HoursSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  /** In hours; 0: none */
  value: number;
  /** In hours; 0: none */
  default: number;
}

/** A JWT by which the site says who its visitor is, and the page that they write from. */
export interface IdentifyVisitor {
  /** HS256, with `id`, `name`, `email` and `exp` */
  token: string;
  /** http: or https:, without query and fragment */
  page?: string | null;
}

/** Why an import failed, for texts in other languages: a key, and the values in its text. */
export interface ImportCause {
  /** no_zip, damaged, bad_line, …: more may be added */
  key: string;
  values: CauseValue[];
}

/** Counts of the file, of the part of it that was here already, and, after the import, of the part that is here. */
export interface ImportFound {
  /** The server or workspace of the file */
  source: string;
  inside: ImportedCounts;
  before: ImportedCounts;
  here?: ImportedCounts;
  lost: LeftOut[];
}

/** The import, and how far it is: `done` of about `whole` of its stage. Times in Unix milliseconds. */
export interface ImportState {
  state: "checking" | "done" | "failed" | "importing" | "ready" | "uploading" | "waiting";
  begun: number;
  source: string;
  name: string;
  size: number;
  /** Bytes that are here */
  received: number;
  /** converting and reading the file; people, log, rooms: writing */
  stage?: string;
  done?: number;
  whole?: number;
  /** When it is removed, if nobody goes on */
  until?: number;
  found?: ImportFound;
  /** no_space, disk, bad, cancelled, or stopped: its process stopped by itself */
  failure?: string;
  /** Why it failed, in English */
  problem?: string;
  cause?: ImportCause;
}

/** Numbers of things. */
export interface ImportedCounts {
  people?: number;
  rooms?: number;
  messages?: number;
  files?: number;
}

/**
 * An invite with its code: `uses` left, its end, and its room; without a room it is to register. `url` is its path
 * on this server. `link` is the whole address, if the setting `public_url` is known.
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

/** Addresses to invite to register, for how many days, and the language of the mails. */
export interface InviteAddresses {
  addresses: string[];
  days?: number;
  language?: "de" | "en" | "es" | "fr" | "pt" | "ru" | "zh";
}

/** The language of the mails. */
export interface InvitePeople {
  language?: "de" | "en" | "es" | "fr" | "pt" | "ru" | "zh";
}

/** What became of an address. */
export interface InvitedAddress {
  address: string;
  /** sent, already_here, invited_today, bad_address */
  state: string;
}

/** What became of each address, in their order; one that is there twice is mailed once. */
export interface InvitedAddresses {
  addresses: InvitedAddress[];
}

/** How many mails were queued, and how many people wait still. */
export interface InvitedPeople {
  /** At most 25 */
  invited: number;
  waiting: number;
}

/** Who may make invitations to rooms. */
export interface InvitingSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "admins" | "everybody";
  default: "admins" | "everybody";
}

/**
 * An invite in a list: `uses` left, its end, and its room; without a room it is to register. Its code was shown
 * once and is not stored. `by` is the maker, in lists of other people's invites; an invite made by a command on
 * the server has none.
 */
export interface IssuedInvite {
  /** Identifies an invite in lists; unlike its code it admits nobody */
  id: string;
  room?: number;
  room_name?: string;
  uses: number;
  /** Unix milliseconds */
  expires: number;
  by?: Sender;
}

/** Valid invites, by when they expire. If there are more, `next` is the `after` of the next page. */
export interface IssuedInvites {
  invites: IssuedInvite[];
  /** Identifies an invite in lists; unlike its code it admits nobody */
  next?: string;
}

/** What expires, as counts name it. */
export type Kind = "changes" | "digests" | "earlier_texts" | "idle_conversations" | "keys" | "messages" | "read_marks" | "visitors";

/** A passkey that one has: a browser makes no second one in the same authenticator. */
export interface KnownPasskey {
  /** base64url */
  id: string;
  transports: ("ble" | "cable" | "hybrid" | "internal" | "nfc" | "smart-card" | "usb")[];
}

/** A label of support conversations. */
export interface Label {
  id: number;
  /** 1 to 32 characters; of each name there is one label */
  name: string;
  colour: "blue" | "green" | "grey" | "orange" | "purple" | "red";
}

/** The conversations that have labels: those that are open, and the last thousand of others. */
export interface Labelled {
  rooms: LabelsOf[];
}

/** All labels, in the order in which they were made. */
export interface Labels {
  labels: Label[];
}

/** The labels of a conversation now; without `room`, a label was added, changed or removed. For operators. */
export interface LabelsEvent {
  type: "labels";
  room?: number;
  labels?: number[];
}

/** The labels of a support conversation, by their ids. */
export interface LabelsOf {
  room: number;
  labels: number[];
}

/** A reason for which things are left out or change, in English, and how many they are. */
export interface LeftOut {
  what: string;
  count: number;
}

/**
 * The server's limits; all fields are always sent. - `text`, `topic`, `name`: characters. `frame_bytes`,
 * `body_bytes`, `file_bytes`: bytes (`file_bytes` 0: no files). - `files`, `reactions`: of one message. `page`:
 * entries of a list. - `known`, `replay`: positions in a sync, and changes of one room that a sync sends. -
 * `in_flight`, `watch`: concurrent requests and watched people of a socket. `sockets`: of one person. -
 * `receipts_members`: read marks of others are sent in rooms of at most this size. - `key_days`: so long the
 * server knows the key of a message, 0: for ever. Send no message again after that time. - `sends_per_second`,
 * `send_bytes_per_second`, `pages_per_second` (of 100 messages), `searches_per_second`, `uploads_per_second`: of
 * one person; an address has ten times as much. - `calls_per_second`: HTTP calls of one address; further calls are
 * delayed. Short bursts may exceed a rate. A request over a limit is refused with `too_many` and `retry_ms`.
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
  key_days: number;
  /** 0: no limit */
  sends_per_second: number;
  /** 0: no limit */
  send_bytes_per_second: number;
  /** 0: no limit */
  pages_per_second: number;
  /** 0: no limit */
  searches_per_second: number;
  /** 0: no limit */
  uploads_per_second: number;
  /** 0: no limit */
  calls_per_second: number;
}

/** Whose account a link is for: the name. */
export interface LinkAccount {
  name: string;
}

/** Whether the server fetches previews of links. */
export interface LinkPreviewsSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "off" | "on";
  default: "off" | "on";
}

/**
 * Whether one's account is linked with the identity provider, called `provider`, and since when. `password`: one
 * may also log in with a password; `passkey`: with a passkey that one has.
 */
export interface LinkedIdentity {
  provider: string;
  linked: boolean;
  /** Unix milliseconds */
  since?: number;
  password: boolean;
  passkey?: boolean;
}

/**
 * A room as admins see it without being a member: no messages. `creator` is the name of the person who made it;
 * the lobby has none. `messages` counts all messages ever sent; `last` is the time of the newest.
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

/** Rooms, by id. If there are more, `next` is the `after` of the next page. */
export interface ListedRooms {
  rooms: ListedRoom[];
  next?: number;
}

/** A visitor as admins see them. `room` is their conversation, once something was said there. */
export interface ListedVisitor {
  person: Person;
  email?: string;
  /** http: or https:, without query and fragment */
  page?: string;
  verified?: boolean;
  blocked?: boolean;
  /** Unix milliseconds */
  came: number;
  room?: number;
}

/** Visitors, the newest first. If there are more, `next` is the `after` of the next page. */
export interface ListedVisitors {
  visitors: ListedVisitor[];
  next?: number;
}

/**
 * Who reads the lobby: every client, or only people who have logged in. Without a start option, `default` is open
 * while registration is open.
 */
export interface LobbySetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "members" | "open";
  default: "members" | "open";
}

/** The credentials of a log-in. */
export interface Login {
  /** Name or email address */
  login: string;
  /** At most 72 bytes */
  password: string;
  /** The person's name for this device */
  device?: string;
  /** A code of one's second factor, for people who have one */
  code?: string | null;
}

/** The code of a mailed link to log in; `device` is the person's name for this device. */
export interface LoginByLink {
  code: string;
  /** A code of one's second factor, for people who have one */
  second_factor?: string | null;
  device?: string;
}

/** Whether people may log in by a mailed link. */
export interface LoginLinksSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "off" | "on";
  default: "off" | "on";
}

/** How people log in: with a `password`, with the identity provider (`sso`), or with either (`both`). */
export interface LoginSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "both" | "password" | "sso";
  default: "both" | "password" | "sso";
}

/** When unread messages are mailed to one, and whether one's address is confirmed: to others nothing is mailed. */
export interface MailChoice {
  /** Seconds for which a message stays unread until it is mailed; 0: never */
  after: number;
  confirmed: boolean;
}

/** A support conversation, and the address to which it is mailed. */
export interface MailConversation {
  email: string;
  language?: "de" | "en" | "es" | "fr" | "pt" | "ru" | "zh";
  /** The name of a time zone, as Europe/Berlin */
  zone?: string;
  room: number;
}

/** The address to which one's own conversation is mailed, and the language and the time zone of the mail. */
export interface MailOwnConversation {
  email: string;
  language?: "de" | "en" | "es" | "fr" | "pt" | "ru" | "zh";
  /** The name of a time zone, as Europe/Berlin */
  zone?: string;
}

/**
 * How mail is sent: by `server` from `sender`, if there is one. `problem` says what an admin has to do first.
 * `mails` are the newest that wait or were given up in the last 14 days, at most 50.
 */
export interface MailState {
  server?: string;
  sender?: string;
  /** No links can be sent without either */
  problem?: "no_mail_server" | "no_public_url";
  mails?: QueuedMail[];
}

/** What the mail server answered: it took the mail (`sent`), refused it, or may take it later. */
export interface MailTest {
  outcome: "refused" | "sent" | "try_again";
  answer: string;
}

/** The decision about mailing a message to one, and the mail server's answer. */
export interface Mailed {
  /** waiting, sent, read, active, own, muted, blocked, deleted, left, no_device, collapsed, too_old, quiet, failed */
  decision: string;
  /** Unix milliseconds */
  at: number;
  answer?: string;
}

/**
 * The address from which a conversation began by mail, null if it did not; and a check of the last sender. `check`
 * is what one's own mail server found out by SPF, DKIM and DMARC.
 */
export interface MailedFrom {
  address: string | null;
  /** none: nothing was found out */
  check: "fail" | "none" | "pass";
}

/** A request for an export of the server, of a room, or of what a person wrote; `password` is one's own. */
export interface MakeArchive {
  /** At most 72 bytes */
  password?: string | null;
  room?: number | null;
  person?: number | null;
  /** Whether it has the bytes of files */
  files?: boolean;
}

/** For how many hours the secret before stays valid. */
export interface MakeVisitorSecret {
  overlap_hours?: number;
}

/** The caller, with the fields that only they see. */
export interface Me {
  id: number;
  name: string;
  display?: string;
  /** Its SHA-256 in hex: it is at `/api/v1/pictures/{picture}` */
  picture?: string;
  status?: PersonStatus;
  roles?: ("admin" | "guest" | "moderator" | "operator")[];
  /** Unix milliseconds */
  changed: number;
  email?: string;
  share_reads?: boolean;
}

/** A member of a room, or a banned person, and since when; `read` is their read mark, if they share it. */
export interface Member {
  person: Person;
  role?: "banned" | "member" | "moderator" | "owner";
  /** Unix milliseconds */
  joined: number;
  /** A message's number, or 0: before the first */
  read?: number;
}

/** A member has a new role, is banned, or (without `role`) has left. A join is a message of the kind join. */
export interface MemberEvent {
  type: "member";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  person: number;
  role?: "banned" | "member" | "moderator" | "owner";
  by: number;
}

/** People, by id. If there are more, `next` is the `after` of the next page. */
export interface Members {
  members: Member[];
  next?: number;
}

/** The number of members of the lobby or of a support conversation. Other rooms have member events in their log. */
export interface MembersEvent {
  type: "members";
  room: number;
  members: number;
}

/** A membership to set: the person gets this role, or is banned. Without `role` a member keeps theirs. */
export interface Membership {
  room: number;
  person: number;
  role?: "banned" | "member" | "moderator" | "owner";
}

/** A page of the messages that mention the caller, newest first; `after` is the `next` of the page before. */
export interface Mentions {
  after?: number | null;
  limit?: number;
}

/** A message in its current state, as in history and snapshots. Only its sender gets `key`. */
export interface Message {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  sender: Sender;
  /** A text, or that somebody joined the room */
  kind?: "join" | "text";
  /** Trimmed; empty only with files */
  text?: string;
  /** The message that it answers */
  reply?: number;
  /** Of a reply, the first message of its thread */
  root?: number;
  /** The people whom its text mentions */
  mentions?: number[];
  /** Whether its text mentions everybody in the room */
  all?: boolean;
  files?: FileInfo[];
  /** Chosen by the client; unique among all messages of this person */
  key?: string;
  reactions?: Reaction[];
  /** When it was last edited */
  edited?: number;
  deleted?: Deletion;
}

/** A new message. In a replay it has its current state. */
export interface MessageEvent {
  type: "message";
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  sender: Sender;
  /** A text, or that somebody joined the room */
  kind?: "join" | "text";
  /** Trimmed; empty only with files */
  text?: string;
  /** The message that it answers */
  reply?: number;
  /** Of a reply, the first message of its thread */
  root?: number;
  /** The people whom its text mentions */
  mentions?: number[];
  /** Whether its text mentions everybody in the room */
  all?: boolean;
  files?: FileInfo[];
  /** Chosen by the client; unique among all messages of this person */
  key?: string;
  reactions?: Reaction[];
  /** When it was last edited */
  edited?: number;
  deleted?: Deletion;
}

/** The preview of a message. */
export interface MessagePreview {
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  preview: Preview;
}

/**
 * Messages, oldest first, with all changes of the room up to `pos`. `first`: there are no earlier messages;
 * `last`: there are no later ones.
 */
export interface Messages {
  messages: Message[];
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  first?: boolean;
  last?: boolean;
}

/** One's own settings for a room; fields that are left out stay. */
export interface Mine {
  room: number;
  notify?: "all" | "mentions" | "none";
  hidden?: boolean;
  starred?: boolean;
}

/** The page ends at this position of the room, which is not live: sync it from here for the next page. */
export interface MoreEvent {
  type: "more";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
}

/** The server's name. */
export interface NameSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: string;
  default: string;
}

/** With what a browser makes a passkey. `user` is the handle of the account; `algorithms` are those of COSE. */
export interface NewPasskeyOptions {
  challenge: string;
  rp_id: string;
  user: string;
  name: string;
  server: string;
  algorithms: number[];
  known: KnownPasskey[];
}

/** A secret for an app that makes codes, in base32, and as the address that its QR code shows. */
export interface NewSecondFactor {
  secret: string;
  uri: string;
}

/** Why a message was not sent at its time. */
export interface NotSent {
  code: Code;
  text: string;
  reason?: string;
}

/** Why a message was not sent though it was allowed. */
export interface NotSentAfterReview {
  code: Code;
  text: string;
  reason?: string;
}

/** A private note of an operator, which stands behind the message `seq` of the conversation. */
export interface Note {
  id: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** Unix milliseconds */
  at: number;
  by: Sender;
  /** 1 to 4,000 characters */
  text: string;
}

/** An operator has added or removed a note of the conversation. Only operators get it. */
export interface NotesEvent {
  type: "notes";
  room: number;
}

/** Notes, the newest first. If there are more, `next` is the `after` of the next page. */
export interface NotesPage {
  notes: Note[];
  next?: number;
}

/** How many invitations that are not used up one person has at once; 0: any number. */
export interface OpenInvitesSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  /** 0: any number */
  value: number;
  /** 0: any number */
  default: number;
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

/** How many of a kind are older than the rules allow, and the time of the oldest. */
export interface OverdueCount {
  kind: Kind;
  count: number;
  /** Unix milliseconds */
  oldest?: number;
}

/** What would be removed now. What stays because of a hold on a person is counted too. */
export interface OverdueCounts {
  overdue: OverdueCount[];
}

/** One's bot, with its tokens, the newest first. */
export interface OwnBot {
  id: number;
  /** As messages show it, which end it with ` (bot)`; it is unique among bots */
  name: string;
  owner: Sender;
  /** read: receive and search what is said; speak: send, edit and delete its own messages; react: react to messages */
  scopes: Scope[];
  off?: boolean;
  off_by_admin?: boolean;
  /** Unix milliseconds */
  made: number;
  /** Unix milliseconds */
  used?: number;
  rooms?: RoomOfBot[];
  tokens?: BotToken[];
}

/** One's bots, the oldest first. */
export interface OwnBots {
  bots: OwnBot[];
}

/** One's own messages that wait for review, or were not sent, the first one first. */
export interface OwnHeld {
  held: HeldMessage[];
}

/** One's own passkeys, the first one first. `problem` is why no passkey can be added or used now. */
export interface OwnPasskeys {
  passkeys: PasskeyInfo[];
  problem: "passkeys_no_url" | "passkeys_off" | null;
}

/** How one rated one's own conversation after its last closing; `asked`: one may rate it now, or change it. */
export interface OwnRating {
  asked?: boolean;
  rating?: "bad" | "good";
  /** At most 1,000 characters */
  comment?: string;
}

/** What a browser signs with a passkey: `challenge` in base64url, and `rp_id`, the host of the passkeys. */
export interface PasskeyChallenge {
  challenge: string;
  rp_id: string;
}

/** A code that is good once, for two minutes, wherever a code of the second factor is asked for. */
export interface PasskeyCode {
  code: string;
}

/** One of one's own passkeys, and when it was last used. */
export interface PasskeyInfo {
  id: number;
  name: string;
  /** Unix milliseconds */
  created: number;
  /** Unix milliseconds */
  used?: number;
}

/** A used passkey; `device` is the person's name for this device. */
export interface PasskeyLogin {
  /** base64url */
  id: string;
  /** base64url */
  client_data: string;
  /** base64url */
  authenticator_data: string;
  /** base64url */
  signature: string;
  /** base64url */
  user: string;
  device?: string;
}

/**
 * A code with which the person can set a new password once, until `expires`. `url` is the path of its page on this
 * server. `link` is the whole address, if the setting `public_url` is known.
 */
export interface PasswordReset {
  code: string;
  url: string;
  link?: string;
  /** Unix milliseconds */
  expires: number;
}

/** People, by name. If there are more, `next` is the `after` of the next page. */
export interface People {
  people: Person[];
  next?: string;
}

/** A person. `changed` is when name, display name, picture, status or roles last changed. */
export interface Person {
  id: number;
  name: string;
  display?: string;
  /** Its SHA-256 in hex: it is at `/api/v1/pictures/{picture}` */
  picture?: string;
  status?: PersonStatus;
  roles?: ("admin" | "guest" | "moderator" | "operator")[];
  /** Unix milliseconds */
  changed: number;
}

/** The profile of the person themselves, of a watched person, or of somebody in a common room has changed. */
export interface PersonEvent {
  type: "person";
  id: number;
  name: string;
  display?: string;
  /** Its SHA-256 in hex: it is at `/api/v1/pictures/{picture}` */
  picture?: string;
  status?: PersonStatus;
  roles?: ("admin" | "guest" | "moderator" | "operator")[];
  /** Unix milliseconds */
  changed: number;
}

/** What a person says of themselves: an emoji, a text of at most 100 characters, or both, and when it ends. */
export interface PersonStatus {
  /** One emoji; without it clients show their own beside the text */
  emoji?: string;
  text?: string;
  /** Unix milliseconds */
  until?: number;
}

/** The room has another picture now, or none. */
export interface PictureChangedEvent {
  type: "picture";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  /** Its SHA-256 in hex: it is at `/api/v1/pictures/{picture}` */
  picture?: string;
  by: number;
}

/** The picture as it is now. */
export interface PictureNow {
  /** Its SHA-256 in hex: it is at `/api/v1/pictures/{picture}` */
  picture?: string;
}

/** A room whose picture is to change. */
export interface PictureOfRoom {
  room: number;
}

/** The server's picture, a SHA-256 in hex; empty: none. It is uploaded to `/admin/picture`. */
export interface PictureSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: string;
  default: string;
}

/** Where the bytes begin in the file: they are `received`. */
export interface Piece {
  at: number;
}

/** How many messages of the room are pinned now. */
export interface PinCount {
  pins: number;
}

/** Check the connection; the reply has the server's time. */
export interface Ping {
  type: "ping";
  /** Chosen by the client; the reply repeats it */
  id: number;
}

/** The connection works; `at` is the server's time. */
export interface PingOk {
  type: "ping_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
  /** Unix milliseconds */
  at: number;
}

/** A message is pinned now, or no more. */
export interface PinnedEvent {
  type: "pinned";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  on?: boolean;
  by: number;
}

/** A pinned message in its current state, and when and by whom it was pinned. */
export interface PinnedMessage {
  /** Unix milliseconds */
  at: number;
  by?: Sender;
  message: Message;
}

/** The pinned messages of a room, the newest pin first. */
export interface PinnedMessages {
  pins: PinnedMessage[];
}

/** A room whose pinned messages are requested. */
export interface PinsOf {
  room: number;
}

/** A hold to place on a room, a person (`target`) or the server. Placed again it has another reason. */
export interface PlaceHold {
  kind: "person" | "room" | "server";
  target?: number | null;
  reason: string;
}

/**
 * The server's name, who may register, who reads the lobby, whether there are calls; sent when one changes.
 * `emoji` is the last change of the server's own emoji; with another one, read them again.
 */
export interface PolicyEvent {
  type: "policy";
  server: string;
  registration: "closed" | "invite" | "open";
  lobby: "members" | "open";
  calls?: boolean;
  emoji?: string;
}

/** A client's position in a room: the number and the time of the newest change that it has. */
export interface Position {
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
}

/** The presence of a person. */
export interface Presence {
  id: number;
  state: "away" | "offline" | "online";
}

/** The presence of watched people has changed. */
export interface PresenceEvent {
  type: "presence";
  people: Presence[];
}

/**
 * What the page at `url` says of itself. `host` is the one that answered, by its ASCII name. The `picture` is a
 * file of the server, read as others are.
 */
export interface Preview {
  url: string;
  host: string;
  title: string;
  description?: string;
  site?: string;
  picture?: FileInfo;
}

/** Previews, the newest message first. If there may be more, `next` is the `before` of the next page. */
export interface PreviewList {
  previews: MessagePreview[];
  /** A message's number in its room: 1, 2, 3 … without gaps */
  next?: number;
}

/** A message has this preview now, or none. */
export interface PreviewedEvent {
  type: "previewed";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  by: number;
  preview?: Preview;
}

/** Previews of a room's messages between `after` and `before`. */
export interface PreviewsOf {
  room: number;
  /** A message's number, or 0: before the first */
  after?: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  before?: number | null;
  limit?: number;
}

/** The profiles of those who are there; visitors of the support widget get operators only. */
export interface Profiles {
  people: Person[];
}

/** One's own password, if there is one, and a code of the second factor, if there is one. */
export interface ProvePasskey {
  /** At most 72 bytes */
  password?: string | null;
  /** A code of one's second factor, for people who have one */
  code?: string | null;
}

/** One's own password, if there is one, and a code of the second factor. */
export interface ProveSecondFactor {
  /** At most 72 bytes */
  password?: string | null;
  /** A code of one's second factor, for people who have one */
  code: string;
}

/** What the provider sent back: `code`, `state` and `iss` as in the query of its redirect. */
export interface ProviderAnswer {
  code: string;
  state: string;
  iss?: string | null;
}

/** What the provider sent back; `invite` is the code of an invite, for a new account. */
export interface ProviderLogin {
  code: string;
  state: string;
  iss?: string | null;
  invite?: string | null;
  /** The person's name for this device */
  device?: string;
}

/** The provider's page for the browser; null: there is none. */
export interface ProviderPage {
  url?: string;
}

/** A public room as people who are not in it see it. */
export interface PublicRoom {
  id: number;
  name: string;
  topic?: string;
  members?: number;
}

/** Rooms, by name. If there are more, `next` is the `after` of the next page. */
export interface PublicRooms {
  rooms: PublicRoom[];
  next?: string;
}

/** The server's public key in base64url, whether this log-in receives pushes, and whether they have texts. */
export interface PushInfo {
  key: string;
  subscribed: boolean;
  /** One's own choice, unless an admin leaves texts out for everybody */
  text: boolean;
}

/** The keys of a browser, as `PushSubscription.toJSON()` gives them. */
export interface PushKeys {
  /** base64url */
  p256dh: string;
  /** base64url */
  auth: string;
}

/** What came of a push: whether the push service has taken it, its status, or why there was no answer. */
export interface PushTest {
  sent: boolean;
  status: number | null;
  /** timeout, unreachable or bad_answer */
  error: string | null;
  seconds: number;
}

/** Whether pushes may have the texts of messages. */
export interface PushTextsSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "off" | "on";
  default: "off" | "on";
}

/** A room to put into a folder; without one it is taken out. */
export interface PutIntoFolder {
  room: number;
  folder?: number;
}

/** A mail that waits or was given up, without its text; `next` is the next try, `error` what the last one met. */
export interface QueuedMail {
  id: number;
  to: string;
  subject: string;
  state: "given_up" | "waiting";
  tries: number;
  /** Unix milliseconds */
  created: number;
  /** Unix milliseconds */
  next?: number;
  error?: string;
}

/** One's quiet hours, and until when it is quiet now, if it is. Where `on` is false they don't count. */
export interface QuietHoursChoice {
  on: boolean;
  start: string;
  end: string;
  days: ("fri" | "mon" | "sat" | "sun" | "thu" | "tue" | "wed")[];
  zone: string;
  people: number[];
  /** Unix milliseconds */
  until?: number;
}

/** What one thinks of one's own conversation, which is closed. */
export interface RateConversation {
  rating: "bad" | "good";
  /** At most 1,000 characters */
  comment?: string;
}

/** A rate; 0: no limit. */
export interface RateSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: number;
  default: number;
}

/** What a conversation's person thinks of it. It was closed behind the message `seq`. */
export interface Rating {
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  rating: "bad" | "good";
  /** At most 1,000 characters */
  comment?: string;
  /** Unix milliseconds */
  at: number;
}

/** The conversation was rated, or its rating was changed. Only operators get it. */
export interface RatingsEvent {
  type: "ratings";
  room: number;
}

/** The ratings of a conversation, one for each closing at most, the oldest first. */
export interface RatingsOf {
  ratings: Rating[];
}

/** An emoji under a message. */
export interface React {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** One emoji: no letters, digits, spaces or controls */
  emoji: string;
}

/** A person added or removed a reaction; `count` is how many people react with the emoji now. */
export interface ReactedEvent {
  type: "reacted";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  person: number;
  /** One emoji, or `:name:` of the server's own */
  emoji: string;
  on?: boolean;
  count: number;
}

/** An emoji under a message, and the first people who reacted with it. `mine`: the reader is one of them. */
export interface Reaction {
  /** One emoji, or `:name:` of the server's own */
  emoji: string;
  count: number;
  people?: number[];
  mine?: boolean;
}

/** How far a person has read; only they themselves get `unread` and `mentions`. */
export interface ReadEvent {
  type: "read";
  room: number;
  person: number;
  /** A message's number, or 0: before the first */
  seq: number;
  /** 100 stands for 100 or more */
  unread?: number;
  /** 100 stands for 100 or more */
  mentions?: number;
}

/** Mark as read up to this message; with `back` also if the mark is further on, which marks later ones unread. */
export interface ReadUpTo {
  room: number;
  /** A message's number, or 0: before the first */
  seq: number;
  back?: boolean;
}

/** A new password, and the code of a mailed link. */
export interface Recover {
  code: string;
  /** At most 72 bytes */
  password: string;
  /** A code of one's second factor, for people who have one */
  second_factor?: string | null;
}

/** Codes that each log one in once, in place of the app's; they are shown only here. */
export interface RecoveryCodes {
  recovery_codes: string[];
}

/** The refresh token; a browser sends it as a cookie instead. */
export interface Refresh {
  /** Opaque; can be used once */
  refresh?: string | null;
}

/** A new person; `invite` is the code of an invite, which is needed if registration is by invite. */
export interface Register {
  name: string;
  /** At most 72 bytes */
  password: string;
  email?: string | null;
  invite?: string | null;
  /** The person's name for this device */
  device?: string;
}

/** Who may register: anybody, people with an invite, or nobody. */
export interface RegistrationSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "closed" | "invite" | "open";
  default: "closed" | "invite" | "open";
}

/** A reminder of a saved message. `due`: its time has come, and one has not done anything about it. */
export interface Reminder {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** Unix milliseconds */
  at: number;
  due?: boolean;
}

/** The person has set a reminder of a message, which saves it too; without `at`, has removed it. */
export interface ReminderEvent {
  type: "reminder";
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** Unix milliseconds */
  at?: number;
}

/** When one is reminded of the message now; without `at` never. */
export interface ReminderNow {
  /** Unix milliseconds */
  at?: number;
}

/** Reminders of the person are due. Their messages come first in what one has saved. */
export interface RemindersDueEvent {
  type: "reminders_due";
  reminders: DueReminder[];
}

/** An account that is removed for good, and how. It may be that of somebody who left, if this removes more. */
export interface RemoveAccount {
  person: number;
  /**
   * leave: messages stay under the name; anonymise: messages stay, the name goes; erase: messages, files and
   * reactions go too
   */
  how: "anonymise" | "erase" | "leave";
}

/** How one's own account is removed for good; `password` is one's own, if there is one. */
export interface RemoveMe {
  /**
   * leave: messages stay under the name; anonymise: messages stay, the name goes; erase: messages, files and
   * reactions go too
   */
  how: "anonymise" | "erase" | "leave";
  /** At most 72 bytes */
  password?: string | null;
}

/** The passkey to remove, one's own password, if there is one, and a code of the second factor. */
export interface RemovePasskey {
  /** At most 72 bytes */
  password?: string | null;
  /** A code of one's second factor, for people who have one */
  code?: string | null;
  passkey: number;
}

/** Another name for a passkey. */
export interface RenamePasskey {
  passkey: number;
  name: string;
}

/** One person's report. `text` is that of the message then, where it was another one than at the first report. */
export interface Report {
  by: Sender;
  /** Unix milliseconds */
  at: number;
  /** As in the request; later versions may have others */
  reason: string;
  comment?: string;
  /** Trimmed; empty only with files */
  text?: string;
}

/** How many reported messages the caller has to handle. */
export interface ReportCount {
  /** 100 stands for 100 or more */
  open: number;
}

/** A message to report, why, and perhaps a comment for the moderators. */
export interface ReportMessage {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  reason: "harassment" | "hate" | "other" | "private" | "spam";
  comment?: string;
}

/** What a browser reports of a push; `code` is in the push, behind `#push=` of the address that it leads to. */
export interface ReportPush {
  code: string;
  event: "clicked" | "shown";
}

/** When one has reported the message. */
export interface ReportTaken {
  /** Unix milliseconds */
  at: number;
}

/**
 * A reported message, with its text and the names of its files as they were at the first report. `kind` is missing
 * if the room is deleted. `name` is that of a public room, or of one that the caller may read (`readable`). `may`
 * is what the caller may do. `reports` are the first ten of `count`.
 */
export interface ReportedMessage {
  id: number;
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  kind?: "direct" | "lobby" | "room" | "support";
  name?: string;
  readable?: boolean;
  author: Sender;
  /** Unix milliseconds */
  at: number;
  /** Trimmed; empty only with files */
  text?: string;
  files?: string[];
  /** Whether the message is deleted by now */
  deleted?: boolean;
  may?: ("ban" | "delete" | "disable")[];
  reports: Report[];
  count: number;
  handled?: HandledReport;
}

/** Reported messages, the last first. If there are more, `next` is the `after` of the next page. */
export interface ReportedMessages {
  reported: ReportedMessage[];
  next?: number;
}

/** The reports that a moderator sees have changed. */
export interface ReportsEvent {
  type: "reports";
}

/** A new password, and the reset code that an admin made for the person. */
export interface ResetPassword {
  code: string;
  /** At most 72 bytes */
  password: string;
  /** A code of one's second factor, for people who have one */
  second_factor?: string | null;
}

/** The data were restored from a backup `at` that time; they have everything `until` the backup's time, if known. */
export interface Restored {
  /** Unix milliseconds */
  at: number;
  /** Unix milliseconds */
  until?: number;
}

/** Messages that are held have changed: one's own, or for a moderator those that wait. */
export interface ReviewEvent {
  type: "review";
}

/** Whether a held message is sent, as its author's, or not. */
export interface ReviewHeld {
  held: number;
  allow: boolean;
}

/** The words and phrases that hold a message for review, the latest last. */
export interface ReviewWords {
  words: string[];
}

/** The held message that was reviewed, or put away. */
export interface Reviewed {
  held: number;
}

/** A room as one person sees it. `pos` and `at` are the position to resume from. */
export interface Room {
  id: number;
  kind: "direct" | "lobby" | "room" | "support";
  name?: string;
  topic?: string;
  /** Its SHA-256 in hex: it is at `/api/v1/pictures/{picture}` */
  picture?: string;
  private?: boolean;
  archived?: boolean;
  /** Seconds between two messages of one person; 0: no slow mode */
  slow_mode?: number;
  /** Of the reader in the room */
  role?: "banned" | "member" | "moderator" | "owner";
  /** How many people are in it */
  members?: number;
  /** The position of its latest change */
  pos: number;
  /** The time of its latest change */
  at: number;
  /** The number of its latest message */
  seq: number;
  /** The number of its oldest message; those before are removed */
  first?: number;
  /** The reader has read up to this message */
  read: number;
  /** How many texts of others follow that one; 100 stands for 100 or more */
  unread?: number;
  /** How many of those mention the reader; 100 stands for 100 or more */
  mentions?: number;
  /** Which messages the reader is notified of */
  notify?: "all" | "mentions" | "none";
  /** Whether the reader removed it from their list */
  hidden?: boolean;
  /** Whether the reader starred it */
  starred?: boolean;
  last?: Message;
  peer?: Person;
  /** The other people of a group direct message, by name */
  others?: Person[];
  support?: Support;
}

/**
 * The current state of a room: it is new to the client, or the client's copy is void for the reason `reset`. With
 * `reset`, the messages after the message `after` can be read from the history.
 */
export interface RoomEvent {
  type: "room";
  id: number;
  kind: "direct" | "lobby" | "room" | "support";
  name?: string;
  topic?: string;
  /** Its SHA-256 in hex: it is at `/api/v1/pictures/{picture}` */
  picture?: string;
  private?: boolean;
  archived?: boolean;
  /** Seconds between two messages of one person; 0: no slow mode */
  slow_mode?: number;
  /** Of the reader in the room */
  role?: "banned" | "member" | "moderator" | "owner";
  /** How many people are in it */
  members?: number;
  /** The position of its latest change */
  pos: number;
  /** The time of its latest change */
  at: number;
  /** The number of its latest message */
  seq: number;
  /** The number of its oldest message; those before are removed */
  first?: number;
  /** The reader has read up to this message */
  read: number;
  /** How many texts of others follow that one; 100 stands for 100 or more */
  unread?: number;
  /** How many of those mention the reader; 100 stands for 100 or more */
  mentions?: number;
  /** Which messages the reader is notified of */
  notify?: "all" | "mentions" | "none";
  /** Whether the reader removed it from their list */
  hidden?: boolean;
  /** Whether the reader starred it */
  starred?: boolean;
  last?: Message;
  peer?: Person;
  /** The other people of a group direct message, by name */
  others?: Person[];
  support?: Support;
  reset?: "erased" | "other_history" | "too_far";
  /** A message's number, or 0: before the first */
  after?: number;
}

/** A folder, and the rooms in it; one may have left some of them. */
export interface RoomFolder {
  id: number;
  name: string;
  rooms?: number[];
}

/** All one's folders. `version` grows with each change. */
export interface RoomFolders {
  version?: number;
  folders?: RoomFolder[];
}

/**
 * A hook: a tool posts in its room by an address with a secret token, which nobody can read again. `id` is also
 * that of the sender of its messages. `used` is the time of its last message, `error` why the last refused call
 * was refused. Without `by` a command made it.
 */
export interface RoomHook {
  id: number;
  room: number;
  room_name: string;
  /** As messages show it, which end it with ` (hook)`; it need not be unique */
  name: string;
  /** Whether its messages mention people, and everybody */
  mentions: boolean;
  /** Unix milliseconds */
  made: number;
  by: Sender | null;
  /** Unix milliseconds */
  used: number | null;
  error: string | null;
  /** Unix milliseconds */
  error_at: number | null;
}

/** The hooks of a room, the oldest first. */
export interface RoomHooks {
  hooks: RoomHook[];
}

/** A room that a bot is in. */
export interface RoomOfBot {
  id: number;
  name: string;
}

/**
 * A room to make of the thread of a message; repeating it with the same key makes it once. `base` is the address
 * of the server for the links in the messages, if its settings have none.
 */
export interface RoomOfThread {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  key: string;
  name: string;
  private?: boolean;
  base?: string | null;
}

/**
 * For how many `days` the messages of a room are kept; 0: for ever. `own`: the room has a rule of its own; else it
 * is that of the server, `server_days`. `rooms_keep`: whether owners may have other rules: none (`server`),
 * shorter ones, or any.
 */
export interface RoomRetention {
  /** In days; 0: for ever */
  days: number;
  own?: boolean;
  /** In days; 0: for ever */
  server_days: number;
  rooms_keep: "any" | "server" | "shorter";
}

/** The outgoing hooks of a room, of all owners, the oldest first. Of the URL of another's only the host is there. */
export interface RoomSentHooks {
  hooks: SentHook[];
}

/** Rooms, by id. If there are more, `next` is the `after` of the next page. */
export interface Rooms {
  rooms: Room[];
  next?: number;
}

/** Whether owners may have the messages of their room kept differently: no (`server`), shorter, or at will. */
export interface RoomsKeepSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "any" | "server" | "shorter";
  default: "any" | "server" | "shorter";
}

/** A room, for how long messages are kept there. */
export interface RuleOf {
  room: number;
}

/** A text that was typed `age` milliseconds ago, in a room, or in the thread whose first message is `thread`. */
export interface SaveDraft {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  thread?: number | null;
  /** As it was typed; empty: there is nothing any more */
  text?: string;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  reply?: number | null;
  age?: number;
  /** Chosen by the client; the event has it */
  device?: string;
}

/** The person has saved a message, or removed it again, in some session. */
export interface SavedEvent {
  type: "saved";
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  on?: boolean;
}

/** The messages of one room that one has saved. */
export interface SavedInRoom {
  room: number;
  seqs: number[];
}

/**
 * A saved message in its current state, when one saved it, and when one is reminded of it. `due`: that time has
 * come, and one has not done anything about it.
 */
export interface SavedMessage {
  /** Unix milliseconds */
  at: number;
  message: Message;
  /** Unix milliseconds */
  remind_at?: number;
  due?: boolean;
}

/**
 * One's saved messages, the last saved, or reminded of, first. If there may be more, `next` is the `after` of the
 * next page. Messages that are deleted, or in rooms that one may not read now, are left out.
 */
export interface SavedMessages {
  saved: SavedMessage[];
  next?: number;
}

/** Whether one has saved the message now. */
export interface SavedNow {
  saved: boolean;
}

/** The numbers of all messages that one has saved, by room, and all reminders; also of rooms that one has left. */
export interface SavedPlaces {
  rooms: SavedInRoom[];
  reminders?: Reminder[];
}

/** A message to be sent at a time. Repeating it with the same key schedules it once, and it is sent once. */
export interface Schedule {
  room: number;
  /** Chosen by the client; unique among all messages of this person */
  key: string;
  /** Trimmed; empty only with files */
  text: string;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  reply?: number | null;
  /** Unix milliseconds */
  at: number;
}

/** A message that is sent at a time; `refused`: it was not, and waits to be changed, sent or deleted. */
export interface Scheduled {
  id: number;
  room: number;
  /** Chosen by the client; unique among all messages of this person */
  key: string;
  /** Trimmed; empty only with files */
  text: string;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  reply?: number;
  /** Unix milliseconds */
  at: number;
  refused?: NotSent;
}

/** The person has scheduled a message in some session, or changed it, or it was refused at its time. */
export interface ScheduledEvent {
  type: "scheduled";
  message: Scheduled;
}

/** All messages that one has scheduled, the earliest first. */
export interface ScheduledMessages {
  scheduled: Scheduled[];
}

/** A scheduled message as it is now. */
export interface ScheduledNow {
  message: Scheduled;
}

/** What a bot may do in the rooms that it is in. */
export type Scope = "react" | "read" | "speak";

/**
 * A search for messages in one's own rooms. `q` has words, which also match as prefixes, and phrases in quotes; a
 * minus before one excludes it. `has` names what a message must have: a `link`, a `file`, or a file of a kind;
 * without words all such messages are found. With `where` = names the words are looked for in the names of files
 * alone. `from` is the sender; `since` and `before` bound the time. With `order` = best, the best matches among
 * the newest come first, and there is no next page.
 */
export interface Search {
  q: string;
  has?: string | null;
  where?: "anywhere" | "names";
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

/** Who must have a second factor to log in; operators are admins and moderators too. */
export interface SecondFactorSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "admins" | "everybody" | "off" | "operators";
  default: "admins" | "everybody" | "off" | "operators";
}

/**
 * Whether one has a second factor, and has to; `app`: an authenticator app; and how many recovery codes are left.
 * With `on` and without `app` it is a passkey.
 */
export interface SecondFactorState {
  on: boolean;
  app?: boolean;
  required: boolean;
  recovery_codes: number;
}

/** Send a message; repeating it with the same key saves it once. */
export interface Send {
  type: "send";
  /** Chosen by the client; the reply repeats it */
  id: number;
  room: number;
  /** Chosen by the client; unique among all messages of this person */
  key: string;
  /** Trimmed; empty only with files */
  text?: string;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  reply?: number | null;
  files?: number[];
}

/** The message is saved; `again`: it had been saved before. */
export interface SendOk {
  type: "send_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  again?: boolean;
}

/** Where to send a test mail. */
export interface SendTestMail {
  to: string;
}

/** A person by their current name. */
export interface Sender {
  id: number;
  name: string;
}

/**
 * An outgoing hook: the changes of a room are sent to a URL, in the order of the log. Without `room` those of all
 * rooms of its owner are. Its receiver has all up to the log id `position`; `behind` ids follow in the log, also
 * those that are not for it. `off` says why it is off: its owner said so, its receiver answered 410, it failed for
 * a day, or its owner may not send the room any more. `sent` is the time of the last call that was taken, `error`
 * why the last failed one failed, `tries` how many have failed since, `next` when the next try is due. With a
 * `bot`, a hook of the room or an own bot in any of its rooms, it is called by messages that mention this one, or
 * begin with `/` and `command`, and its answer is posted. With a `gateway` it is a bridge: messages of people go
 * to this gateway of a matterbridge, and `bot` posts what comes from there.
 */
export interface SentHook {
  id: number;
  owner: Sender;
  room: number | null;
  room_name: string | null;
  /** Types of the socket's events, as `message`; none: all */
  kinds: string[];
  url: string;
  /** An id of the log of all rooms */
  position: number;
  behind: number;
  off: "failing" | "gone" | "no_right" | "owner" | null;
  /** Unix milliseconds */
  made: number;
  /** Unix milliseconds */
  sent: number | null;
  tries: number;
  error: string | null;
  /** Unix milliseconds */
  error_at: number | null;
  /** Unix milliseconds */
  next: number | null;
  bot: Sender | null;
  command: string | null;
  gateway: string | null;
}

/** One's outgoing hooks, the oldest first. */
export interface SentHooks {
  hooks: SentHook[];
}

/** A server's name, version, policy, features and limits. */
export interface ServerInfo {
  server: string;
  version: string;
  /** The version of this protocol: 1 */
  protocol: number;
  /** Identifies the server's data: if it changes, all rooms and messages are others */
  data: string;
  restored?: Restored;
  registration: "closed" | "invite" | "open";
  lobby: "members" | "open";
  /**
   * activity, address_bans, addresses, blocks, bots, calls, canned_answers, clean_up, conversation_pages,
   * custom_emoji, dates, desk_report, drafts, earlier, edits, exports, files, folders, forwarding, groups, hooks,
   * invites, labels, leaving, mail, mentions, missed_mail, newcomers, notes, oidc, outgoing_hooks, pictures, pins,
   * positions, presence, previews, push, quiet_hours, ratings, reactions, read_marks, recovery, reports, retention,
   * review, saved, scheduled, search, second_factor, slow_mode, starting_rooms, statuses, support, support_mail,
   * sync_pages, teams, threads, transcripts, transfers, verified_visitors, visitor_list, visitors; others may be
   * added
   */
  features: string[];
  limits: Limits;
}

/** A new session with its tokens. A browser gets the refresh token as a cookie, so `refresh` is left out. */
export interface Session {
  access: string;
  /** Seconds */
  expires_in: number;
  refresh?: string;
  session: number;
  me: Me;
}

/** A session. `used` is when it began or was last refreshed, `address` and `agent` belong to that request. */
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

/** One's own sessions, newest first. */
export interface Sessions {
  sessions: SessionInfo[];
}

/** The same, as an admin. */
export interface SetListedRule {
  room: number;
  /** In days; 0: for ever */
  days?: number | null;
}

/** A status: an emoji, a text, or both. Without `until` it stays until it is cleared. */
export interface SetPersonStatus {
  emoji?: string | null;
  /** At most 100 characters */
  text?: string;
  /** Unix milliseconds */
  until?: number | null;
}

/** A message to be reminded of, and when. */
export interface SetReminder {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** Unix milliseconds */
  at: number;
}

/** For how many days the messages of a room are kept; 0: for ever, null: as on the server. */
export interface SetRule {
  room: number;
  /** In days; 0: for ever */
  days?: number | null;
}

/** The slow mode that a room gets. */
export interface SetSlowModeOf {
  room: number;
  /** Seconds between two messages of one person; 0: no slow mode */
  seconds: number;
}

/** Report whether the person is at the screen. */
export interface SetStatus {
  type: "status";
  /** Chosen by the client; the reply repeats it */
  id: number;
  state: "away" | "online";
}

/** The first admin, and the code that the server logged when it started. */
export interface SetUp {
  code: string;
  name: string;
  /** At most 72 bytes */
  password: string;
  /** The person's name for this device */
  device?: string;
}

/**
 * The server's name and policy, and whether a first admin is `needed`. `registration` says who may register;
 * `lobby` is `open` if clients read the lobby without logging in. `login` says how people log in: with a
 * `password`, with the identity provider (`sso`), or with either (`both`); `provider` is what that is called, if
 * there is one. `passkeys`: people who have one log in by it; `login_links`: people may log in by a mailed link.
 * `picture` and `colour` are those of the log-in page; the usual ones are left out. `appeal` is where people
 * appeal whose account is disabled.
 */
export interface SetUpState {
  needed: boolean;
  registration: "closed" | "invite" | "open";
  lobby: "members" | "open";
  server: string;
  /** Its SHA-256 in hex: it is at `/api/v1/pictures/{picture}` */
  picture?: string;
  colour?: string;
  login?: "both" | "password" | "sso";
  provider?: string;
  passkeys?: boolean;
  login_links?: boolean;
  /** As https://help.example/appeal or help@chat.example; empty: none */
  appeal?: string;
}

/**
 * The settings that an admin may change while servers run, in the units of the flags of `chat serve`. Rates of
 * messages, their bytes and pages are for one person; an address has ten times as much.
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
  message_days: DaysSetting;
  rooms_keep: RoomsKeepSetting;
  outbound_hosts: HostsSetting;
  push_texts: PushTextsSetting;
  second_factor: SecondFactorSetting;
  support_close_days: DaysSetting;
  support_remove_days: DaysSetting;
  edit_days: DaysSetting;
  change_days: DaysSetting;
  key_days: DaysSetting;
  deleted_days: DaysSetting;
  login: LoginSetting;
  login_links: LoginLinksSetting;
  server_picture: PictureSetting;
  server_colour: ColourSetting;
  link_previews: LinkPreviewsSetting;
  support_hours: SupportHoursSetting;
  support_time_zone: TimeZoneSetting;
  support_holidays: SupportHolidaysSetting;
  when_away: WhenAwaySetting;
  away_without_operators: AwayWithoutOperatorsSetting;
  newcomer_hours: HoursSetting;
  appeal_address: AppealSetting;
  inviting: InvitingSetting;
  inviting_days: DaysSetting;
  open_invites: OpenInvitesSetting;
  call_url: CallUrlSetting;
  custom_emoji: EmojiChangeSetting;
  emoji_makers: EmojiMakersSetting;
}

/** A room, and a time. */
export interface SinceWhen {
  room: number;
  /** Unix milliseconds */
  time: number;
}

/** The room has another slow mode now. */
export interface SlowModeChangedEvent {
  type: "slow_mode";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  /** Seconds between two messages of one person; 0: no slow mode */
  seconds?: number;
  by: number;
}

/** The slow mode of the room now. */
export interface SlowModeNow {
  /** Seconds between two messages of one person; 0: no slow mode */
  seconds: number;
}

/** The public rooms of which new people are members from the start. */
export interface StartingRooms {
  rooms: number[];
}

/** The status is set until this socket reports another. */
export interface StatusOk {
  type: "status_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
}

/** A browser's subscription, as `PushSubscription.toJSON()` gives it. */
export interface Subscribe {
  /** https: only */
  endpoint: string;
  keys: PushKeys;
}

/**
 * The fields of a support conversation besides those of a room: its person, and the state of their request.
 * `waiting_since` is the time of the person's oldest unanswered message; messages before a closing count as
 * answered. `email` and `page` are what a visitor of the support widget entered at `came`; they are not verified.
 * Name and `email` of a `verified` one are signed by their site. A `blocked` visitor can't log in or send until an
 * operator unblocks them.
 */
export interface Support {
  person: Person;
  state?: "closed" | "open";
  assignee?: Sender;
  /** Unix milliseconds */
  waiting_since?: number;
  email?: string;
  /** http: or https:, without query and fragment */
  page?: string;
  verified?: boolean;
  /** Unix milliseconds */
  came?: number;
  blocked?: boolean;
}

/**
 * Whether an operator is online, the operators' greeting, and the most bytes of a visitor's file. `away` is there
 * while nobody answers, for example outside the opening hours: clients show a message, or nothing at all. `opens`
 * is when the desk opens again. An empty greeting: clients use their own. 0 bytes: no files.
 */
export interface SupportDesk {
  online: boolean;
  away?: "form" | "hide" | "message";
  /** Unix milliseconds */
  opens?: number;
  /** In one line; without one the widget has its own in the visitor's language */
  greeting?: string;
  file_bytes?: number;
}

/** The new state of a support conversation: open or closed, and its assignee, if any. */
export interface SupportEvent {
  type: "support";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  state: "closed" | "open";
  assignee?: Sender;
  /** Unix milliseconds */
  waiting_since?: number;
  by: number;
}

/** The newest changes of a conversation, the oldest first. */
export interface SupportHistory {
  changes: SupportStep[];
}

/** Days on which no opening hours begin. */
export interface SupportHolidaysSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: string[];
  default: string[];
}

/** When operators answer support conversations, by the clocks of the time zone; none: always. */
export interface SupportHoursSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: string[];
  default: string[];
}

/**
 * The state and the assignee of a conversation from a change on, and who made it. A closing by the conversation's
 * own person is the server's: nobody had written for long.
 */
export interface SupportStep {
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  state: "closed" | "open";
  assignee?: Sender;
  by: number;
}

/** A reaction with an emoji of the server to add, or to take back. */
export interface SwitchCustomReaction {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** Small letters a to z, digits, '-' and '_'; `:name:` in texts */
  name: string;
  on?: boolean;
}

/** A message to pin, or to unpin. */
export interface SwitchPin {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  on?: boolean;
}

/** A reaction with an emoji, to be added or, with `on` = false, removed. */
export interface SwitchReaction {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** One emoji: no letters, digits, spaces or controls */
  emoji: string;
  on?: boolean;
}

/** A message to be reminded of, and when; without a time there is no reminder of it any more. */
export interface SwitchReminder {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** Unix milliseconds */
  at?: number | null;
}

/** A message to save, or to remove from what one has saved. */
export interface SwitchSaved {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  on?: boolean;
}

/**
 * Get all changes since the positions in `known`, with `rest` every other room as well, and then live events. A
 * room may have more than 1000 changes since its position, or more than its share of `limit`. With `far` = page,
 * the server sends that many and then `more`; the room is not live until a sync from there has reached its end.
 * With `far` = reset, the server sends the room's current state instead. With `conversations` an operator is sent
 * only so many of the open support conversations that `rest` means, and as many of those assigned to them: the
 * longest waiting first. Another one follows when something happens in it, or when it is named in `known`.
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
  /** The most changes to send, all rooms together */
  limit?: number;
  conversations?: number | null;
}

/**
 * The sync is complete; `rooms` is the number of rooms that were sent. `left_out` is the number of open support
 * conversations that were not, because of `conversations`.
 */
export interface SyncOk {
  type: "sync_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
  rooms: number;
  left_out?: number;
}

/**
 * A team of operators. `in_turn`: its conversations are given to those who are online, in turn. `default`:
 * conversations of no team are its own; there is at most one such team.
 */
export interface Team {
  id: number;
  /** 1 to 32 characters; of each name there is one team */
  name: string;
  in_turn?: boolean;
  default?: boolean;
  members?: number[];
}

/** The team of a support conversation, by its id. */
export interface TeamOf {
  room: number;
  team: number;
}

/**
 * All teams, in the order in which they were made. `rooms`, for operators: which conversations are of a team;
 * those that are open, and the last thousand of others.
 */
export interface Teams {
  teams: Team[];
  rooms?: TeamOf[];
}

/** The team of a conversation now, null for none; without `room`, the teams have changed. For operators. */
export interface TeamsEvent {
  type: "teams";
  room?: number;
  team?: number | null;
}

/**
 * A thread: its first `message`, which a removed one has not, and a page of its replies, oldest first. It has all
 * changes of the room up to `pos`. `first`: there are no earlier replies; `last`: there are no later ones. Deleted
 * replies are left out.
 */
export interface Thread {
  /** The message with which the thread begins */
  root: number;
  message?: Message;
  /** How many replies are not deleted */
  replies?: number;
  /** The newest reply; unread behind one's mark of the room */
  last_seq?: number;
  /** Unix milliseconds */
  last_at?: number;
  /** Whether the reader is notified of replies */
  following?: boolean;
  /** Replies of others behind one's mark of the room; 100 stands for 100 or more */
  unread?: number;
  messages: Message[];
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  first?: boolean;
  last?: boolean;
}

/** Threads, the newest first message first. If there may be more, `next` is the `before` of the next page. */
export interface ThreadList {
  threads: ThreadState[];
  /** A message's number in its room: 1, 2, 3 … without gaps */
  next?: number;
}

/** A thread without its messages, as one reader sees it. */
export interface ThreadState {
  /** The message with which the thread begins */
  root: number;
  /** How many replies are not deleted */
  replies: number;
  /** The newest reply; unread behind one's mark of the room */
  last_seq?: number;
  /** Unix milliseconds */
  last_at?: number;
  following?: boolean;
}

/** Threads of a room that begin with a message between `after` and `before`. */
export interface ThreadsOf {
  room: number;
  /** A message's number, or 0: before the first */
  after?: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  before?: number | null;
  limit?: number;
}

/** The time zone of the opening hours, as Europe/Berlin. */
export interface TimeZoneSetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  /** The name of a time zone, as Europe/Berlin */
  value: string;
  /** The name of a time zone, as Europe/Berlin */
  default: string;
}

/** The API token, which is shown only once, and its session. */
export interface Token {
  token: string;
  session: SessionInfo;
}

/** The messages of the room below `first` are removed. */
export interface TrimmedEvent {
  type: "trimmed";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  first: number;
}

/** A change made by a newer server, of a kind that this server does not know; it counts for `pos`. */
export interface UnknownEvent {
  type: "unknown";
  room: number;
  /** A change's number in its room: 1, 2, 3 … without gaps; 0: none yet */
  pos: number;
  /** Unix milliseconds */
  at: number;
}

/** The scheduled message that was deleted. */
export interface Unscheduled {
  scheduled: number;
}

/** A scheduled message was sent, as `seq` of its room, or deleted. */
export interface UnscheduledEvent {
  type: "unscheduled";
  scheduled: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq?: number;
}

/** What a browser answers (AuthenticatorAssertionResponse), each part in base64url. `user` is `userHandle`. */
export interface UsedPasskey {
  /** base64url */
  id: string;
  /** base64url */
  client_data: string;
  /** base64url */
  authenticator_data: string;
  /** base64url */
  signature: string;
  /** base64url */
  user: string;
}

/** A new secret, which is shown this once. */
export interface VisitorSecret {
  /** Unix milliseconds */
  made?: number;
  /** Unix milliseconds */
  previous_until?: number;
  secret: string;
}

/** When the desk's secret was made, if there is one, and until when the one before is valid. */
export interface VisitorSecretState {
  /** Unix milliseconds */
  made?: number;
  /** Unix milliseconds */
  previous_until?: number;
}

/** How many imported people have not come and were not invited; `can_invite`: the server mails links. */
export interface WaitingPeople {
  waiting: number;
  can_invite: boolean;
}

/** A link, exactly as it will stand in a message of that room. */
export interface WantedPreview {
  room: number;
  url: string;
}

/** Get the presence of these people and its changes; replaces the people watched before. */
export interface Watch {
  type: "watch";
  /** Chosen by the client; the reply repeats it */
  id: number;
  people: number[];
}

/** The current presence of the watched people. */
export interface WatchOk {
  type: "watch_ok";
  /** Chosen by the client; the reply repeats it */
  id: number;
  people: Presence[];
}

/** What the widget does while nobody answers. */
export interface WhenAwaySetting {
  source: "admin" | "start";
  /** Unix milliseconds */
  at?: number;
  by?: Sender;
  value: "form" | "hide" | "message";
  default: "form" | "hide" | "message";
}

/** An account. */
export interface WhichAccount {
  person: number;
}

/** A page of the accounts with `q` in their names or email addresses, and with that role. */
export interface WhichAccounts {
  q?: string;
  role?: "admin" | "moderator" | "operator" | null;
  /** The `next` of the page before */
  after?: number;
  limit?: number;
}

/** A page of the audit: all acts, or those by or on `person`, and only acts of the kinds in `what`. */
export interface WhichActs {
  person?: number | null;
  /** Kinds of acts, separated by commas */
  what?: string;
  /** The `next` of the page before */
  after?: number;
  limit?: number;
}

/** The last part of a link. */
export interface WhichArchive {
  link: string;
}

/** A ban. */
export interface WhichBan {
  ban: number;
}

/** A page of the people whom the caller blocks. */
export interface WhichBlocks {
  /** The `next` of the page before */
  after?: string;
  limit?: number;
}

/** A bot. */
export interface WhichBot {
  bot: number;
}

/** A token of a bot. */
export interface WhichBotToken {
  bot: number;
  token: number;
}

/** A page of the bots of all people. */
export interface WhichBots {
  /** The `next` of the page before */
  after?: number;
  limit?: number;
}

/** A canned answer. */
export interface WhichCannedAnswer {
  answer: number;
}

/** A page of the answers; `after` is the `next` of the page before. */
export interface WhichCannedAnswers {
  after?: number;
  limit?: number;
}

/** A support conversation. */
export interface WhichConversation {
  room: number;
}

/** A page of the conversations, optionally only open or closed ones, or those of one operator. */
export interface WhichConversations {
  state?: "closed" | "open" | null;
  /** 0: nobody's */
  assignee?: number | null;
  /** The `next` of the page before */
  after?: string;
  limit?: number;
}

/** An emoji of the server by its name. */
export interface WhichEmoji {
  /** Small letters a to z, digits, '-' and '_'; `:name:` in texts */
  name: string;
}

/** The last part of a link. */
export interface WhichExport {
  link: string;
}

/** A file. */
export interface WhichFile {
  id: number;
}

/** A folder. */
export interface WhichFolder {
  folder: number;
}

/** A held message. */
export interface WhichHeld {
  held: number;
}

/** A page of held messages: those that wait, or those of the last 90 days that were not sent. */
export interface WhichHeldPage {
  state?: "handled" | "waiting";
  /** the `next` of the page before */
  after?: number | null;
  limit?: number;
}

/** A support conversation. */
export interface WhichHistory {
  room: number;
}

/** A hold. */
export interface WhichHold {
  hold: number;
}

/** A hook of a room. */
export interface WhichHook {
  room: number;
  hook: number;
}

/** A page of the hooks of all rooms. */
export interface WhichHooks {
  /** The `next` of the page before */
  after?: number;
  limit?: number;
}

/** An invite, by its code. */
export interface WhichInvite {
  code: string;
}

/** A page of the invites that the caller made. */
export interface WhichInvites {
  /** The `next` of the page before */
  after?: string;
  limit?: number;
}

/** An invite that the caller made, by its id. */
export interface WhichIssuedInvite {
  /** Identifies an invite in lists; unlike its code it admits nobody */
  id: string;
}

/** A label. */
export interface WhichLabel {
  label: number;
}

/** A support conversation, and a label. */
export interface WhichLabelOf {
  room: number;
  label: number;
}

/** The code of a link to log in (l-…), or to set a new password: a mailed one (m-…), or an admin's. */
export interface WhichLink {
  code: string;
}

/** A room that people made. */
export interface WhichListedRoom {
  room: number;
}

/** A page of all rooms with `q` in their names. */
export interface WhichListedRooms {
  q?: string;
  /** The `next` of the page before */
  after?: number;
  limit?: number;
}

/** A support conversation. */
export interface WhichMailed {
  room: number;
}

/** The code of a link in a mail. */
export interface WhichMails {
  /** A UUID */
  code: string;
}

/** A person in a room. */
export interface WhichMember {
  room: number;
  person: number;
}

/** A page of a room's members, or of the people who are banned from it. */
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
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
}

/** A note of a support conversation. */
export interface WhichNote {
  room: number;
  note: number;
}

/** A page of the notes of a support conversation. */
export interface WhichNotes {
  room: number;
  /** the `next` of the page before */
  after?: number | null;
  limit?: number;
}

/** A page of all people with `q` in their names. */
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

/** A picture by its SHA-256. */
export interface WhichPicture {
  picture: string;
}

/** People whose profiles are requested. */
export interface WhichProfiles {
  people: number[];
}

/** A page of the rooms that the caller may join, with `q` in their names. */
export interface WhichPublicRooms {
  q?: string;
  /** The `next` of the page before */
  after?: string;
  limit?: number;
}

/** A support conversation. */
export interface WhichRatings {
  room: number;
}

/** For how many weeks, with this one. */
export interface WhichReport {
  weeks?: number;
}

/** A page of reported messages: those to be handled, or those that were handled in the last 90 days. */
export interface WhichReports {
  state?: "handled" | "open";
  /** the `next` of the page before */
  after?: number | null;
  limit?: number;
}

/** A room. */
export interface WhichRoom {
  room: number;
}

/** An invite to a room, by its id. */
export interface WhichRoomInvite {
  /** Identifies an invite in lists; unlike its code it admits nobody */
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

/** A page of one's saved messages. */
export interface WhichSaved {
  /** the `next` of the page before */
  after?: number | null;
  limit?: number;
}

/** A scheduled message, by its id. */
export interface WhichScheduled {
  scheduled: number;
}

/** An outgoing hook. */
export interface WhichSentHook {
  hook: number;
}

/** A page of the outgoing hooks of all people. */
export interface WhichSentHooks {
  /** The `next` of the page before */
  after?: number;
  limit?: number;
}

/** One of one's own sessions. */
export interface WhichSession {
  id: number;
}

/** A public room. */
export interface WhichStartingRoom {
  room: number;
}

/** A team. */
export interface WhichTeam {
  team: number;
}

/**
 * The thread of a message (its first one, or any reply), and replies before, after or around another message.
 * Without these the newest.
 */
export interface WhichThread {
  room: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  seq: number;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  before?: number | null;
  /** A message's number, or 0: before the first */
  after?: number | null;
  /** A message's number in its room: 1, 2, 3 … without gaps */
  around?: number | null;
  limit?: number;
}

/** A page of the visitors with `q` in their names or email addresses. */
export interface WhichVisitors {
  q?: string;
  /** The `next` of the page before; 0: the first */
  after?: number;
  limit?: number;
}

/** A room, whose bots are listed. */
export interface WhoseBots {
  room: number;
}

/** The person whose second factor is removed. */
export interface WhoseSecondFactor {
  person: number;
}

/**
 * Why one was notified of a message or not: the `decision`, when it was made, and each push and mail. `mail` has
 * the same of mail, if the message could be mailed to one.
 */
export interface Why {
  /** waiting, sent, read, active, own, muted, blocked, deleted, left, no_device, collapsed, too_old, quiet, failed */
  decision: string;
  /** Why it is for one: mention, direct, followed_thread, all */
  rule?: string;
  /** Unix milliseconds */
  at: number;
  /** The end of the quiet hours that hold it back, or held it back */
  held_until?: number;
  deliveries?: Delivery[];
  mail?: Mailed;
}

/**
 * A page of a room's messages with files, or with files of a `kind`, newest first. `after` is the `next` of the
 * page before.
 */
export interface WithFiles {
  room: number;
  kind?: "audio" | "document" | "image" | "other" | "video" | null;
  /** A message's number in its room: 1, 2, 3 … without gaps */
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
  | PictureChangedEvent
  | PinnedEvent
  | PreviewedEvent
  | SlowModeChangedEvent
  | TrimmedEvent
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
  | BlocksEvent
  | DraftEvent
  | FoldersEvent
  | LabelsEvent
  | NotesEvent
  | RatingsEvent
  | ReportsEvent
  | ReviewEvent
  | SavedEvent
  | ReminderEvent
  | RemindersDueEvent
  | ScheduledEvent
  | UnscheduledEvent
  | TeamsEvent
  | ByeEvent;
