// Where one writes: a new message, a reply, or another text for one's own last message.

import { html, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "../../vendor/preact.js";
import { rightsIn } from "../../model/rights.js";
import { preview } from "../../model/text.js";
import { t, tn } from "../../i18n/index.js";
import { AttachButton, AttachmentTray, DropPlace, pastedFiles } from "../files/attachment_tray.js";
import { forget, useAttachments } from "../files/attachments.js";
import { leaveAwaiting, takeAwaiting } from "../files/waiting_uploads.js";
import { Completions, useCompletion } from "./completion.js";
import { ComposerBar } from "./target_bar.js";
import { compose, composing, useComposing } from "../shared/composer_target.js";
import { useChat, useSelected } from "../shared/context.js";
import { useDraft } from "./draft.js";
import { EmojiPicker } from "../controls/emoji_picker.js";
import { icon } from "../controls/icon.js";
import { useMedia } from "../shared/media.js";
import { personName, roomName } from "../shared/names.js";
import { useIsOnline } from "../shared/online.js";
import { problemText } from "../shared/problem.js";
import { useTyping } from "./typing.js";

/** @typedef {import("../../model/types").Room} Room */

/** From so many characters short of the most on, they are counted. */
const COUNTED = 200;

/** @param {{ room: number }} props */
export function Composer({ room: id }) {
  const info = useSelected((state) => state.rooms.get(id)?.info);
  const me = useSelected((state) => state.me);
  const isBlocked = useSelected((state) => info?.kind === "direct" && info.peer !== undefined && state.blocked.has(info.peer.id));
  if (!info) return null;
  if (!rightsIn(info, me).speaks) return html`<p class="composer-note">${icon("archive", { size: 18 })} ${t("composer.archived")}</p>`;
  if (isBlocked && info.peer) return html`<p class="composer-note">${icon("block", { size: 18 })} ${t("composer.blocked", { name: personName(info.peer) })}</p>`;
  return html`<${OpenComposer} key=${id} info=${info} />`;
}

/** @param {{ info: Room["info"] }} props */
function OpenComposer({ info }) {
  const { id } = info;
  const chat = useChat();
  const attachments = useAttachments(id);
  const [awaiting] = useState(() => takeAwaiting(id));
  const [isToBeSent, setToBeSent] = useState(awaiting !== undefined); // once all that is attached is uploaded
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const about = useComposing(id);
  const [text, setText] = useState(awaiting?.text ?? "");
  const [problem, setProblem] = useState("");
  const [isRefused, setIsRefused] = useState(false); // as long as a file of the message has failed
  const [picker, setPicker] = useState(/** @type {DOMRect | null} */ (null));
  const most = useSelected((state) => state.server.limits.text) || 4000;
  const isTouch = useMedia("(hover: none) and (pointer: coarse)");
  // The field has it at once, and is asked instead of the state: more keys may come before the next drawing.
  const change = (/** @type {string} */ next) => {
    if (field.current && field.current.value !== next) field.current.value = next;
    setText(next);
    setProblem("");
  };
  const draft = useDraft(id, about, text, change);
  const typing = useTyping(id);
  const completion = useCompletion(field, info, change);
  const length = useMemo(() => (text.length < most - COUNTED ? 0 : [...text].length), [text, most]);
  const isTooLong = length > most;

  useHeight(field, text);
  useLayoutEffect(() => {
    if (about && "edit" in about) field.current?.setSelectionRange(text.length, text.length);
  }, [about]);

  const value = () => field.current?.value ?? "";

  async function submit() {
    const said = value().trim();
    const about = composing(id);
    const isEdit = about !== null && "edit" in about;
    const files = attachments.now();
    const cannot = (!said && (isEdit || !files.count)) || [...said].length > most;
    if (!isEdit) setToBeSent(files.isBusy && !cannot);
    if (cannot) return;
    if (!isEdit) setIsRefused(files.isBad);
    if (!isEdit && files.isBad) return;
    if (!isEdit && files.isBusy) return;
    const taken = isEdit ? [] : attachments.take();
    typing.end();
    try {
      if (about && "edit" in about) {
        const now = said === draft.original ? said : await textNow(chat, id, about.edit);
        if (now !== undefined && now !== draft.original && now !== said) {
          draft.accept(now); // it has been seen
          return setProblem(t("composer.changed_meanwhile", { text: preview(now) }));
        }
        if (said !== now) await chat.edit(id, about.edit, said);
        compose(id, null);
      } else {
        change("");
        compose(id, null);
        draft.forget();
        await chat.send(id, said, { ...(about ? { reply: about.reply } : {}), ...(taken.length ? { files: files.ready } : {}) });
        forget(taken);
      }
    } catch (error) {
      attachments.putBack(taken);
      change(value() || said);
      setProblem(problemText(error));
    }
  }

  const isEdit = about !== null && "edit" in about;
  useEffect(() => {
    if (isToBeSent && !attachments.isBusy && !isEdit) submit();
  }, [isToBeSent, attachments.isBusy, isEdit]);

  const leaving = useRef(() => {});
  leaving.current = () => isToBeSent && leaveAwaiting(id, draft.now());
  useEffect(() => () => leaving.current(), []);

  function insert(/** @type {string} */ piece) {
    const { selectionStart: from = 0, selectionEnd: to = 0 } = field.current ?? {};
    change(value().slice(0, from) + piece + value().slice(to));
    field.current?.focus();
    field.current?.setSelectionRange(from + piece.length, from + piece.length);
  }

  function onKeyDown(/** @type {KeyboardEvent} */ event) {
    if (event.isComposing || completion.onKeyDown(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !(isTouch && !event.ctrlKey)) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && about) {
      event.preventDefault();
      compose(id, null);
    } else if (event.key === "ArrowUp" && !value() && !about) {
      const own = lastOwn(chat.get(), id);
      if (own === undefined) return;
      event.preventDefault();
      compose(id, { edit: own });
    }
  }

  return html`<form class="composer" onSubmit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    submit();
  }}>
    <${Completions} completion=${completion} />
    <${DropPlace} attachments=${attachments} field=${field} />
    <${AttachmentTray} attachments=${attachments} />
    <${ComposerBar} room=${id} about=${about} onClose=${() => compose(id, null)} />
    <div class="composer-field">
      <${AttachButton} attachments=${attachments} />
      <textarea ref=${field} rows="1" dir="auto" value=${text} aria-label=${t("composer.label", { room: roomName(info) })}
        placeholder=${t("composer.placeholder", { room: roomName(info) })} enterkeyhint=${isTouch ? "enter" : "send"} autocomplete="off"
        aria-invalid=${isTooLong} aria-describedby="composer-hint" ...${completion.field}
        onKeyDown=${onKeyDown}
        onInput=${(/** @type {any} */ event) => {
          change(event.target.value);
          completion.look();
          if (!about || "reply" in about) typing.note(event.target.value);
        }}
        onPaste=${(/** @type {ClipboardEvent} */ event) => {
          const files = attachments.isOn ? pastedFiles(event) : [];
          if (!files.length) return;
          event.preventDefault();
          attachments.add(files);
        }}
        onSelect=${completion.look} onBlur=${completion.close}></textarea>
      <button type="button" class="icon-button" aria-label=${t("composer.emoji")} title=${t("composer.emoji")}
        onClick=${(/** @type {any} */ event) => setPicker(event.currentTarget.getBoundingClientRect())}>${icon("emoji")}</button>
      <button type="submit" class="icon-button composer-send" aria-label=${t("composer.send")} title=${t("composer.send")}
        disabled=${!(text.trim() || attachments.all.length) || isTooLong}>${icon(about && "edit" in about ? "check" : "send")}</button>
    </div>
    <${Hint} problem=${problem || (isRefused && attachments.isBad ? t("files.failed") : "")} isWaiting=${isToBeSent && attachments.isBusy} length=${length} most=${most} />
    ${picker && html`<${EmojiPicker} at=${picker} label=${t("composer.emoji")} onChoose=${insert} onClose=${() => setPicker(null)} />`}
  </form>`;
}

/** What there is to say about what is written: why it was not done, how long it is, that it waits. @param {{ problem: string, isWaiting: boolean, length: number, most: number }} props */
function Hint({ problem, isWaiting, length, most }) {
  const isOffline = useSelected((state) => state.line.state === "offline");
  const isOnline = useIsOnline();
  const seconds = useSecondsUntil(useSelected((state) => (state.outbox.length ? state.sendsAgainAt : undefined)));
  const left = most - length;
  const said =
    problem ||
    (length && left < 0 && tn("composer.tooLong", -left)) ||
    (length && tn("composer.left", left)) ||
    (isWaiting && t("files.wait")) ||
    (isOffline && t(isOnline ? "composer.unreachable" : "composer.offline")) ||
    (seconds > 0 && tn("composer.throttled", seconds));
  const isBad = Boolean(problem) || left < 0;
  return html`<p id="composer-hint" class=${isBad ? "composer-hint is-bad" : "composer-hint"} role=${isBad ? "alert" : undefined}>${said}</p>`;
}

/** Whole seconds until a time, counted down; 0 where it has passed. @param {number | undefined} at in ms */
function useSecondsUntil(at) {
  const [, draw] = useReducer((/** @type {number} */ count) => count + 1, 0);
  const left = at === undefined ? 0 : Math.max(0, at - Date.now());
  useEffect(() => {
    if (!left) return undefined;
    const timer = setTimeout(draw, left % 1000 || 1000);
    return () => clearTimeout(timer);
  });
  return Math.ceil(left / 1000);
}

/** As high as the text, where the style cannot say so. @param {{ current: HTMLTextAreaElement | null }} field @param {string} text */
function useHeight(field, text) {
  useLayoutEffect(() => {
    const element = field.current;
    if (!element || CSS.supports("field-sizing", "content")) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);
}

/** What a message says now; undefined where nobody knows. @param {import("../../model/types").Chat} chat @param {number} room @param {number} seq */
async function textNow(chat, room, seq) {
  const held = () => chat.get().rooms.get(room)?.messages.get(seq);
  if (!held() && chat.get().line.state === "live") await chat.load(room, { before: seq + 1, limit: 1 });
  const message = held();
  return message && !message.deleted ? (message.text ?? "") : undefined;
}

/** One's own last message, which ↑ edits. @param {import("../../model/types").State} state @param {number} id */
function lastOwn({ rooms, me }, id) {
  const room = rooms.get(id);
  if (!room) return undefined;
  for (let { seq } = room.info; seq > 0 && room.messages.has(seq); seq--) {
    const message = room.messages.get(seq);
    if (message?.sender.id === me?.id && message?.kind !== "join" && !message?.deleted) return seq;
  }
  return undefined;
}
