// The panel's composer. Before the first message a visitor may give a name and an email address.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { AttachButton, AttachmentTray, DropPlace, pastedFiles } from "../view/files/attachment_tray.js";
import { releasePreviews, NO_ROOM, useAttachments } from "../view/files/attachments.js";
import { useSelected } from "../view/shared/context.js";
import { icon } from "../view/controls/icon.js";
import { problemText } from "../view/shared/problem.js";
import { useTyping } from "../view/composer/typing.js";
import { conversationOf } from "./visitor.js";

/** @typedef {import("../model/types").ChatError} ChatError */
/** @typedef {import("./visitor.js").Visitor} Visitor */

/** Characters that a message may have, and from how many on the remaining ones are shown. */
const MAX_LENGTH = 4000;
const COUNT_FROM = 3800;

/** @param {{ visitor: Visitor, asked: number, needsAddress: boolean }} props `asked`: how often the site requested the focus; `needsAddress`: answers are mailed */
export function Composer({ visitor, asked, needsAddress }) {
  const [text, setText] = useState(visitor.draft);
  const [about, setAbout] = useState({ name: "", email: "" });
  const latest = useRef(about); // the current value before rendering: a browser fills in both fields at once
  const [problem, setProblem] = useState(/** @type {ChatError | null} */ (null));
  const [isBusy, setBusy] = useState(false);
  const room = useSelected((state) => conversationOf(state)?.info.id) ?? visitor.room() ?? NO_ROOM;
  const typing = useTyping(room);
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const isNew = !visitor.hasToken();
  const hasBegun = visitor.room() !== undefined;
  const attachments = useAttachments(room);
  const [isToBeSent, setToBeSent] = useState(false); // once all attachments are uploaded
  const left = MAX_LENGTH - [...text.trim()].length;
  const hasFailed = attachments.all.some(({ state }) => state === "failed");
  const cannot = isBusy || hasFailed || (text.trim() === "" && !attachments.all.length) || left < 0;

  useEffect(() => {
    if (asked) field.current?.focus();
  }, [asked]);
  useLayoutEffect(() => setText(visitor.draft()), [visitor.hasEnded(), visitor.identity()]);
  const last = useRef(room);
  useEffect(() => {
    if (room === NO_ROOM && last.current !== NO_ROOM) attachments.holdForNewRoom(last.current);
    last.current = room;
  }, [room]);

  /** @param {string} now */
  function write(now) {
    if (field.current) field.current.value = now; // before it is rendered
    setText(now);
    visitor.saveDraft(now);
    if (room !== NO_ROOM) typing.note(now);
  }

  /** @param {"name" | "email"} key @param {string} value */
  function changeAbout(key, value) {
    latest.current = { ...latest.current, [key]: value };
    setAbout(latest.current);
  }

  useEffect(() => {
    if (isToBeSent && !attachments.isBusy) send();
  }, [isToBeSent, attachments.isBusy]);

  /** @param {Event} [event] */
  async function send(event) {
    event?.preventDefault();
    const said = field.current?.value.trim() ?? "";
    const files = attachments.now();
    if (isBusy || (said === "" && !files.count) || [...said].length > MAX_LENGTH) return;
    if (files.isHeld && !files.isBad) return beginWithFiles();
    setToBeSent(files.isBusy && !files.isBad);
    if (files.isBusy || files.isBad) return;
    // The first message waits for the account; any other is stored at once.
    setBusy(!hasBegun);
    setProblem(null);
    const taken = attachments.take();
    if (hasBegun) write("");
    try {
      await visitor.send(said, isNew ? filled(latest.current) : {}, files.ready);
      releasePreviews(taken);
      if (!hasBegun) write("");
      typing.end();
    } catch (error) {
      setProblem(/** @type {ChatError} */ (error));
      attachments.putBack(taken);
      if (hasBegun) write(said);
    } finally {
      setBusy(false);
      field.current?.focus();
    }
  }

  /** Uploads need the conversation's room, so it is made before the first message. */
  async function beginWithFiles() {
    setBusy(true);
    setProblem(null);
    try {
      attachments.moveToRoom(await visitor.begin(filled(latest.current)));
      setToBeSent(true);
    } catch (error) {
      setProblem(/** @type {ChatError} */ (error));
    } finally {
      setBusy(false);
    }
  }

  /** @param {KeyboardEvent} event */
  function onKeyDown(event) {
    const sends = event.key === "Enter" && !event.shiftKey && !event.isComposing && !matchMedia("(pointer: coarse)").matches;
    if (sends) send(event);
  }

  return html`<form class="panel-composer" onSubmit=${send} novalidate>
    ${isNew && html`<${AboutYou} about=${about} onChange=${changeAbout} problem=${problem} needsAddress=${needsAddress} />`}
    ${problem && !problem.field && html`<p class="field-error" role="alert">${problemText(problem)} ${t("widget.text_kept")}</p>`}
    <${DropPlace} attachments=${attachments} field=${field} />
    <${AttachmentTray} attachments=${attachments} />
    <div class="composer-field">
      <${AttachButton} attachments=${attachments} />
      <textarea ref=${field} rows="1" dir="auto" aria-label=${t("widget.message")} placeholder=${t("widget.message")} value=${text}
        aria-invalid=${left < 0 ? "true" : undefined} aria-describedby="left"
        onInput=${(/** @type {InputEvent} */ event) => write(/** @type {HTMLTextAreaElement} */ (event.target).value)} onKeyDown=${onKeyDown}
        onPaste=${(/** @type {ClipboardEvent} */ event) => {
          const files = attachments.isOn ? pastedFiles(event) : [];
          if (!files.length) return;
          event.preventDefault();
          attachments.add(files);
        }}></textarea>
      <button type="submit" class="icon-button composer-send" aria-label=${t("widget.send")} disabled=${cannot}>${icon("send")}</button>
    </div>
    <p class="panel-left" id="left">${left < MAX_LENGTH - COUNT_FROM ? t("widget.left", { n: left }) : isToBeSent && attachments.isBusy ? t("files.wait") : ""}</p>
  </form>`;
}

/**
 * @param {{ about: { name: string, email: string }, onChange: (key: "name" | "email", value: string) => void, problem: ChatError | null, needsAddress: boolean }} props
 */
function AboutYou({ about, onChange, problem, needsAddress }) {
  /** @param {"name" | "email"} key @param {string} type @param {string} complete */
  const field = (key, type, complete) => {
    const isWrong = problem?.field === key;
    const isNeeded = key === "email" && needsAddress;
    const label = t(isNeeded ? "widget.email_needed" : `widget.${key}`);
    return html`<div class="field">
      <input id=${key} type=${type} autocomplete=${complete} maxlength=${key === "name" ? 64 : 254} dir="auto" value=${about[key]}
        aria-label=${label} placeholder=${label} aria-required=${isNeeded ? "true" : undefined} aria-invalid=${isWrong ? "true" : undefined}
        aria-describedby=${isWrong ? `${key}-problem` : undefined}
        onInput=${(/** @type {InputEvent} */ event) => onChange(key, /** @type {HTMLInputElement} */ (event.target).value)} />
      ${isWrong && html`<p class="field-error" id=${`${key}-problem`} role="alert">${problemText(problem)}</p>`}
    </div>`;
  };
  return html`<fieldset class="panel-about">
    <legend class="visually-hidden">${t("widget.about")}</legend>
    ${field("name", "text", "name")} ${field("email", "email", "email")}
  </fieldset>`;
}

/** The fields that are filled in. @param {Record<string, string>} about */
function filled(about) {
  return Object.fromEntries(Object.entries(about).map(([key, value]) => [key, value.trim()]).filter(([, value]) => value));
}
