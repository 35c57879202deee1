// The field for a reply in a thread. Its text stays until the page is closed.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { parts } from "../../features/registry.js";
import { t, tn } from "../../i18n/index.js";
import { Completions, useCompletion } from "../composer/completion.js";
import { ComposerBar } from "../composer/target_bar.js";
import { EmojiPicker } from "../controls/emoji_picker.js";
import { icon } from "../controls/icon.js";
import { useChat, useSelected } from "../shared/context.js";
import { useDraftSync } from "../shared/draft_sync.js";
import { TOUCH, useMedia } from "../shared/media.js";
import { problemText } from "../shared/problem.js";
import { sessionMap } from "../shared/session_memory.js";

/** Unsent texts, by room and first message. @type {Map<string, string>} */
const drafts = sessionMap();

/** Focus the field. */
export function focusReply() {
  /** @type {HTMLElement | null} */ (document.querySelector(".thread-composer textarea"))?.focus();
}

/**
 * @param {{ info: import("../../model/types").RoomInfo, root: number, replyTo: number | null, setReplyTo: (seq: number | null) => void }} props
 *   `replyTo`: another message of the thread that is answered
 */
export function ThreadComposer({ info, root, replyTo, setReplyTo }) {
  const chat = useChat();
  const place = `${info.id}-${root}`;
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const [text, setText] = useState(drafts.get(place) ?? "");
  const [problem, setProblem] = useState("");
  const [picker, setPicker] = useState(/** @type {DOMRect | null} */ (null));
  const most = useSelected((state) => state.server.limits.text) || 4000;
  const isTouch = useMedia(TOUCH);
  const change = (/** @type {string} */ next) => {
    if (field.current && field.current.value !== next) field.current.value = next;
    setText(next);
    setProblem("");
  };
  const completion = useCompletion(field, info, change);
  useEffect(() => void drafts.set(place, text), [place, text]);
  useDraftSync({ room: info.id, thread: root, text, take: (draft) => change(draft.text) });
  useLayoutEffect(() => {
    if (!isTouch) field.current?.focus({ preventScroll: true });
  }, []);

  async function submit() {
    const said = (field.current?.value ?? "").trim();
    if (!said || [...said].length > most) return;
    change("");
    setReplyTo(null);
    try {
      const { sent } = await chat.send(info.id, said, { reply: replyTo ?? root });
      for (const act of parts("onSent")) act(chat, info.id, said, sent);
    } catch (error) {
      change(field.current?.value || said);
      setProblem(problemText(error));
    }
  }

  function onKeyDown(/** @type {KeyboardEvent} */ event) {
    if (event.isComposing || completion.onKeyDown(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !(isTouch && !event.ctrlKey)) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && replyTo !== null) {
      event.preventDefault();
      setReplyTo(null);
    }
  }

  function insert(/** @type {string} */ piece) {
    const { selectionStart: from = 0, selectionEnd: to = 0, value = "" } = field.current ?? {};
    change(value.slice(0, from) + piece + value.slice(to));
    field.current?.focus();
    field.current?.setSelectionRange(from + piece.length, from + piece.length);
  }

  const left = most - [...text].length;
  return html`<form class="composer thread-composer" onSubmit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    submit();
  }}>
    <${Completions} completion=${completion} />
    <${ComposerBar} room=${info.id} target=${replyTo === null ? null : { reply: replyTo }} onClose=${() => setReplyTo(null)} />
    <div class="composer-field">
      <textarea ref=${field} rows="1" dir="auto" value=${text} aria-label=${t("threads.label")} placeholder=${t("threads.placeholder")}
        enterkeyhint=${isTouch ? "enter" : "send"} autocomplete="off" aria-invalid=${left < 0} ...${completion.fieldProps} onKeyDown=${onKeyDown}
        onInput=${(/** @type {any} */ event) => {
          change(event.target.value);
          completion.update();
        }}
        onSelect=${completion.update} onBlur=${completion.close}></textarea>
      <button type="button" class="icon-button" title=${t("composer.emoji")}
        onClick=${(/** @type {any} */ event) => setPicker(event.currentTarget.getBoundingClientRect())}>${icon("emoji")}</button>
      <button type="submit" class="icon-button composer-send" title=${t("threads.send")} disabled=${!text.trim() || left < 0}>${icon("send")}</button>
    </div>
    ${(problem || left < 0) && html`<p class="composer-hint is-bad" role="alert">${problem || tn("composer.tooLong", -left)}</p>`}
    ${picker && html`<${EmojiPicker} at=${picker} label=${t("composer.emoji")} onChoose=${insert} onClose=${() => setPicker(null)} />`}
  </form>`;
}
