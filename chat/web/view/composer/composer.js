// The composer: a new message, a reply, or an edit.

import { html, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "../../vendor/preact.js";
import { parts } from "../../features/registry.js";
import { rightsIn } from "../../model/rights.js";
import { preview } from "../../model/text.js";
import { t, tn } from "../../i18n/index.js";
import { AttachButton, AttachmentTray, DropPlace, pastedFiles } from "../files/attachment_tray.js";
import { releasePreviews, useAttachments } from "../files/attachments.js";
import { sendAfterUploads, takeWaitingDraft } from "../files/waiting_uploads.js";
import { commandOf } from "./commands.js";
import { Completions, useCompletion } from "./completion.js";
import { ComposerBar } from "./target_bar.js";
import { composerTarget, setComposerTarget, useComposerTarget } from "../shared/composer_target.js";
import { useChat, useSelected } from "../shared/context.js";
import { useDraft } from "./draft.js";
import { EmojiPicker } from "../controls/emoji_picker.js";
import { icon } from "../controls/icon.js";
import { TOUCH, useMedia } from "../shared/media.js";
import { personName, roomName } from "../shared/names.js";
import { useIsOnline } from "../shared/online.js";
import { problemText } from "../shared/problem.js";
import { useTyping } from "./typing.js";

/** @typedef {import("../../model/types").Room} Room */

const TRAYS = parts("ComposerTray");
const BUTTONS = parts("ComposerButton");
const SEND_BUTTONS = parts("SendButton");

/** The remaining characters are shown once at most this many are left. */
const COUNT_FROM = 200;

/** @param {{ room: number }} props */
export function Composer({ room: id }) {
  const info = useSelected((state) => state.rooms.get(id)?.info);
  const me = useSelected((state) => state.me);
  const isBlocked = useSelected((state) => info?.kind === "direct" && info.peer !== undefined && state.blocked.has(info.peer.id));
  if (!info) return null;
  if (!rightsIn(info, me).canSpeak) return html`<p class="composer-note">${icon("archive", { size: 18 })} ${t("composer.archived")}</p>`;
  if (isBlocked && info.peer) return html`<p class="composer-note">${icon("block", { size: 18 })} ${t("composer.blocked", { name: personName(info.peer) })}</p>`;
  return html`<${OpenComposer} key=${id} info=${info} />`;
}

/** @param {{ info: Room["info"] }} props */
function OpenComposer({ info }) {
  const { id } = info;
  const chat = useChat();
  const attachments = useAttachments(id);
  const [awaiting] = useState(() => takeWaitingDraft(id));
  const [isToBeSent, setToBeSent] = useState(awaiting !== undefined); // once all attachments are uploaded
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const target = useComposerTarget(id);
  const [text, setText] = useState(awaiting?.text ?? "");
  const [problem, setProblem] = useState("");
  const [isRefused, setIsRefused] = useState(false); // while an attachment of the message has failed
  const [picker, setPicker] = useState(/** @type {DOMRect | null} */ (null));
  const [dialog, setDialog] = useState(/** @type {unknown} */ (null));
  const most = useSelected((state) => state.server.limits.text) || 4000;
  const isTouch = useMedia(TOUCH);
  // The field is changed at once and is read instead of the state: more keys may come before the next render.
  const change = (/** @type {string} */ next) => {
    if (field.current && field.current.value !== next) field.current.value = next;
    setText(next);
    setProblem("");
  };
  const draft = useDraft(id, target, text, change);
  const typing = useTyping(id);
  const completion = useCompletion(field, info, change);
  const length = useMemo(() => (text.length < most - COUNT_FROM ? 0 : [...text].length), [text, most]);
  const isTooLong = length > most;

  const found = useSelected((state) => state.lost?.found ?? 0);
  const before = useRef(found);
  useEffect(() => {
    if (found !== before.current) setComposerTarget(id, null); // a restored backup may have another message there
    before.current = found;
  }, [found]);
  useHeight(field, text);

  const value = () => field.current?.value ?? "";

  /** @type {import("../../features/feature").ComposerPartProps} */
  const around = {
    chat,
    room: id,
    open: setDialog,
    onProblem: setProblem,
    send: async (text) => {
      const target = composerTarget(id);
      setComposerTarget(id, null);
      const { sent } = await chat.send(id, text, target && "reply" in target ? { reply: target.reply } : {});
      for (const act of parts("onSent")) act(chat, id, text, sent);
    },
  };

  async function submit() {
    const said = value().trim();
    const target = composerTarget(id);
    const isEdit = target !== null && "edit" in target;
    const files = attachments.now();
    const cannot = (!said && (isEdit || !files.count)) || [...said].length > most;
    if (!isEdit) setToBeSent(files.isBusy && !cannot);
    if (cannot) return;
    if (!isEdit) setIsRefused(files.isBad);
    if (!isEdit && files.isBad) return;
    if (!isEdit && files.isBusy) return;
    const command = !isEdit && !files.count && commandOf(said, chat.get(), info);
    if (command) {
      try {
        if (await command.run(around, said.slice(command.name.length + 1).trim())) emptyField();
      } catch (error) {
        setProblem(problemText(error));
      }
      return;
    }
    const taken = isEdit ? [] : attachments.take();
    typing.end();
    try {
      if (target && "edit" in target) {
        const now = said === draft.original ? said : await textNow(chat, id, target.edit);
        if (now !== undefined && now !== draft.original && now !== said) {
          draft.acceptOriginal(now); // the person has seen it now
          return setProblem(t("composer.changed_meanwhile", { text: preview(now) }));
        }
        if (said !== now) await chat.edit(id, target.edit, said);
        setComposerTarget(id, null);
      } else {
        change("");
        setComposerTarget(id, null);
        draft.clear();
        const { sent } = await chat.send(id, said, { ...(target ? { reply: target.reply } : {}), ...(taken.length ? { files: files.ready } : {}) });
        releasePreviews(taken);
        for (const act of parts("onSent")) act(chat, id, said, sent);
      }
    } catch (error) {
      attachments.putBack(taken);
      change(value() || said);
      setProblem(problemText(error));
    }
  }

  const emptyField = () => {
    typing.end();
    change("");
    setComposerTarget(id, null);
    draft.clear();
    field.current?.focus();
  };

  const isEdit = target !== null && "edit" in target;
  useEffect(() => {
    if (isToBeSent && !attachments.isBusy && !isEdit) submit();
  }, [isToBeSent, attachments.isBusy, isEdit]);

  const leaving = useRef(() => {});
  leaving.current = () => isToBeSent && sendAfterUploads(id, draft.now());
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
    } else if (event.key === "Escape" && target) {
      event.preventDefault();
      setComposerTarget(id, null);
    } else if (event.key === "ArrowUp" && !value() && !target) {
      const own = lastOwn(chat.get(), id);
      if (own === undefined) return;
      event.preventDefault();
      setComposerTarget(id, { edit: own });
    }
  }

  return html`<form class="composer" onSubmit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    submit();
  }}>
    <${Completions} completion=${completion} />
    <${DropPlace} attachments=${attachments} field=${field} />
    <${AttachmentTray} attachments=${attachments} />
    ${!isEdit && TRAYS.map((Tray) => html`<${Tray} room=${id} text=${text} />`)}
    <${ComposerBar} room=${id} target=${target} onClose=${() => setComposerTarget(id, null)} />
    <div class="composer-field">
      <${AttachButton} attachments=${attachments} />
      ${!isEdit && !text && attachments.isOn && BUTTONS.map((Button) => html`<${Button} ...${around} attach=${attachments.add} />`)}
      <textarea ref=${field} rows="1" dir="auto" value=${text} aria-label=${t("composer.label", { room: roomName(info) })}
        placeholder=${t("composer.placeholder", { room: roomName(info) })} enterkeyhint=${isTouch ? "enter" : "send"} autocomplete="off"
        aria-invalid=${isTooLong} aria-describedby="composer-target composer-hint" ...${completion.fieldProps}
        onKeyDown=${onKeyDown}
        onInput=${(/** @type {any} */ event) => {
          change(event.target.value);
          completion.update();
          if (!target || "reply" in target) typing.note(event.target.value);
        }}
        onPaste=${(/** @type {ClipboardEvent} */ event) => {
          const files = attachments.isOn ? pastedFiles(event) : [];
          if (!files.length) return;
          event.preventDefault();
          attachments.add(files);
        }}
        onSelect=${completion.update} onBlur=${completion.close}></textarea>
      <button type="button" class="icon-button" title=${t("composer.emoji")}
        onClick=${(/** @type {any} */ event) => setPicker(event.currentTarget.getBoundingClientRect())}>${icon("emoji")}</button>
      <button type="submit" class="icon-button composer-send" title=${t("composer.send")}
        disabled=${!(text.trim() || attachments.all.length) || isTooLong}>${icon(target && "edit" in target ? "check" : "send")}</button>
      ${!isEdit && SEND_BUTTONS.map((Button) => html`<${Button} room=${id} text=${text} reply=${target?.reply} isReady=${Boolean(text.trim()) && !isTooLong && !attachments.all.length} onDone=${emptyField} onProblem=${setProblem} />`)}
    </div>
    <${Hint} problem=${problem || (isRefused && attachments.isBad ? t("files.failed") : "")} isWaiting=${isToBeSent && attachments.isBusy} length=${length} most=${most} />
    ${picker && html`<${EmojiPicker} at=${picker} label=${t("composer.emoji")} onChoose=${insert} onClose=${() => setPicker(null)} />`}
  </form>${dialog}`;
}

/** The line below the field: an error, the remaining characters, or why the message waits. @param {{ problem: string, isWaiting: boolean, length: number, most: number }} props */
function Hint({ problem, isWaiting, length, most }) {
  const isOffline = useSelected((state) => state.connection.state === "offline");
  const isOnline = useIsOnline();
  const seconds = useSecondsUntil(useSelected((state) => (state.outbox.length ? state.sendResumesAt : undefined)));
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

/** Whole seconds until a time, counted down to 0. @param {number | undefined} at in ms */
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

/** Fit the field's height to the text in browsers without `field-sizing`. @param {{ current: HTMLTextAreaElement | null }} field @param {string} text */
function useHeight(field, text) {
  useLayoutEffect(() => {
    const element = field.current;
    if (!element || CSS.supports("field-sizing", "content")) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);
}

/** A message's current text; undefined if it is not known. @param {import("../../model/types").Chat} chat @param {number} room @param {number} seq */
async function textNow(chat, room, seq) {
  const known = () => chat.get().rooms.get(room)?.messages.get(seq);
  if (!known() && chat.get().connection.state === "live") await chat.loadMessages(room, { before: seq + 1, limit: 1 });
  const message = known();
  return message && !message.deleted ? (message.text ?? "") : undefined;
}

/** This person's last message, which ↑ edits. @param {import("../../model/types").State} state @param {number} id */
function lastOwn({ rooms, me }, id) {
  const room = rooms.get(id);
  if (!room) return undefined;
  for (let { seq } = room.info; seq > 0 && room.messages.has(seq); seq--) {
    const message = room.messages.get(seq);
    if (message?.sender.id === me?.id && message?.kind !== "join" && !message?.deleted) return seq;
  }
  return undefined;
}
