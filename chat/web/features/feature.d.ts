// What a feature may bring to the page.

import type { Key } from "../i18n/index.js";
import type { FeatureChanges } from "../model/model";
import type { Rights } from "../model/rights.js";
import type { Chat, Me, Message, Person, Room, RoomInfo, State } from "../model/types";
import type { Icon } from "../view/controls/icon.js";

type View<Props> = (props: Props) => unknown;

/** A feature, in features/NOUN/feature.js. Every part but the name is optional. Texts are those of texts.js. */
export interface Feature<English = object> extends FeatureChanges {
  /** Its strings in English; i18n/ has those of other languages. "refusal.REASON" is for a refusal of the server, with # for its numbers. */
  texts?: { en: English };
  /** What can be done with a message. */
  actions?: readonly MessageAction[];
  /** What an action opens, by name. */
  dialogs?: Readonly<Record<string, View<MessageDialogProps>>>;
  /** Shown above the items of a message's menu. */
  MenuRow?: View<{ message: Message; actions: MessageActions; onClose: () => void }>;
  /** Draws a message in the place of its text, where `isFor` says so. */
  Body?: { isFor: (message: Message) => boolean; View: View<MessagePartProps> };
  /** Shown behind the text of a message, and read with it. */
  Mark?: View<MessagePartProps>;
  /** Shown below a message. */
  Footer?: View<MessagePartProps>;
  /** Shown below a message that is deleted. */
  DeletedFooter?: View<MessagePartProps>;
  /** Draws code of a language; `children` is the code as it is. */
  Code?: View<{ code: string; language: string; children: unknown }>;
  /** Draws a formula that is written in TeX, within a line or as a block of its own. */
  Formula?: View<{ tex: string; isBlock: boolean; children: unknown }>;
  /** Shown above the field for a new message, whose text it is. */
  ComposerTray?: View<{ room: number; text: string }>;
  /** In the field of the composer, beside the button for files. `attach` attaches files; `onProblem` shows why that can't be. */
  ComposerButton?: View<ComposerPartProps & { attach: (files: File[]) => void }>;
  /** What a message that begins with a slash and its name does. */
  commands?: readonly Command[];
  /** Shown beside the button that sends. */
  SendButton?: View<SendButtonProps>;
  /** Called when a message is written; `sent` resolves with its seq, or never. */
  onSent?: (chat: Chat, room: number, text: string, sent: Promise<number>) => unknown;
  /** A button in the head of a room. */
  RoomTool?: View<{ info: RoomInfo }>;
  /** A section of the room's panel. */
  RoomSection?: View<{ info: RoomInfo; rights: Rights }>;
  /** An action in the panel of another person. */
  PersonAction?: View<{ person: Person }>;
  settings?: readonly SettingsPart[];
  /** What it completes in the composer. */
  completion?: Completion;
  /** A picture with buttons that change it; `path` is the call's. `onChanged` is called after a change. */
  PictureButtons?: View<{ path: string; has: boolean; hint?: string; onChanged?: () => void; children?: unknown }>;
  /** A section of the security settings. */
  SecuritySection?: View<any>;
  /** Called when a room is shown. Returns what is called when it is not shown any more. */
  onRoomShown?: (chat: Chat, room: number) => () => void;
}

/** The keys of a feature's strings. */
export type KeyOf<Known> = Known extends Feature<infer English> ? keyof English : never;

export interface Command {
  /** What stands behind the slash. */
  name: string;
  /** What it does, beside the name. */
  hint: Key;
  icon: Icon;
  isOffered(state: State, info: RoomInfo): boolean;
  /** Do it; `rest` stands behind the name. Returns whether that was all: then the field is emptied. A rejection is shown. */
  run(on: ComposerPartProps, rest: string): boolean | Promise<boolean>;
}

/** `open` shows a dialog, or nothing any more; `send` sends a text as a message, as an answer if one is being written. */
export interface ComposerPartProps {
  chat: Chat;
  room: number;
  open: (dialog: unknown) => void;
  send: (text: string) => Promise<void>;
  onProblem: (text: string) => void;
}

export interface MessageAction {
  name: string;
  label: Key;
  icon: Icon;
  /** The key that does it with the focused message, as KeyboardEvent.key. */
  key?: string;
  /** It is in the toolbar. */
  inBar?: boolean;
  /** It is in the menu, unless this is false. */
  inMenu?: boolean;
  /** It only shows something, and stands late in the menu. */
  isInfo?: boolean;
  isDanger?: boolean;
  isAllowed(on: MessageContext): boolean;
  /** A rejection is shown. */
  act(on: MessageContext): unknown;
}

/** A part of the settings, at /settings/NAME. */
export interface SettingsPart {
  name: string;
  title: Key;
  icon: Icon;
  /** It is shown only where the server has this feature. */
  needs?: string;
  /** It is shown only to these people. */
  isFor?: (me: Me) => boolean;
  View: View<any>;
}

/** What is completed after a sign and a word. While it is looked for, Enter and Tab wait and choose the first, unless it `isLate`. */
export interface Completion {
  isLate?: boolean;
  /** A character before the word, after a space or at the beginning. */
  sign: string;
  isOffered(state: State, room: RoomInfo): boolean;
  /** The best first; `from` is the place of the sign in the text. A rejection counts as none. */
  find(chat: Chat, room: RoomInfo, word: string, from: number): Promise<Suggestion[]>;
}

/** `insert` replaces the sign and the word; `label` and `note` are shown, `hint` says which icon it is. */
export interface Suggestion {
  key: string;
  insert: string;
  label: string;
  note: string;
  icon: Icon;
  hint: string;
}

/** The message that an action is about. */
export interface MessageContext {
  chat: Chat;
  room: Room;
  message: Message;
  rights: Rights;
  isOwn: boolean;
  /** Open a dialog by its name. */
  open(dialog: string): void;
}

/** What a message's view may do. The object stays the same while the timeline is shown. */
export interface MessageActions {
  /** Open the menu or a dialog beside a place on the screen. */
  open(message: Message, dialog: string, at?: DOMRect): void;
  goTo(seq: number, from: number): void;
  allowed(message: Message): MessageAction[];
  act(action: MessageAction, message: Message, at?: DOMRect): void;
  /** Do something and show why it failed. */
  attempt(deed: (chat: Chat) => unknown): void;
}

export interface MessagePartProps {
  message: Message;
  canSpeak: boolean;
  /** The last message of this person that is shown. */
  isLastOwn: boolean;
  actions: MessageActions;
  /** The tabindex of its controls: 0 while the pointer or the focus is in the message. */
  tab: 0 | -1;
  /** It is shown in the panel of its thread. */
  isInThread?: boolean;
  /** Of a `Footer`'s element, if screen readers say it after the message. */
  id?: string;
}

/** `onDone` empties the field; `onProblem` shows an error below it. */
export interface SendButtonProps {
  room: number;
  text: string;
  reply?: number;
  /** There is a text that can be sent, and no file. */
  isReady: boolean;
  onDone: () => void;
  onProblem: (text: string) => void;
}

export interface MessageDialogProps {
  message: Message;
  at: DOMRect;
  actions: MessageActions;
  onClose: () => void;
}
