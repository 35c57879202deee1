// The panel's composer. Before the first message a visitor gives what the site asks for, such as a name and an email address.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { AttachButton, AttachmentTray, DropPlace, pastedFiles } from "../view/files/attachment_tray.js";
import { releasePreviews, NO_ROOM, useAttachments } from "../view/files/attachments.js";
import { useSelected } from "../view/shared/context.js";
import { icon } from "../view/controls/icon.js";
import { problemText } from "../view/shared/problem.js";
import { useTyping } from "../view/composer/typing.js";
import { LONGEST_VALUE, missing, withFields } from "./fields.js";
import { conversationOf } from "./visitor.js";

/** @typedef {import("../model/types").ChatError} ChatError */
/** @typedef {import("./visitor.js").Visitor} Visitor */
/** @typedef {import("./fields.js").Field} AskedField */

/** Characters that a message may have, and from how many on the remaining ones are shown. */
const MAX_LENGTH = 4000;
const COUNT_FROM = 3800;

/** @param {{ visitor: Visitor, asked: number, fields: readonly AskedField[] }} props `asked`: how often the site requested the focus; `fields`: what it asks for */
export function Composer({ visitor, asked, fields }) {
  const [text, setText] = useState(visitor.draft);
  const [about, setAbout] = useState(/** @type {Readonly<Record<string, string>>} */ ({}));
  const latest = useRef(about); // the current value before rendering: a browser fills in both fields at once
  const [problem, setProblem] = useState(/** @type {ChatError | null} */ (null));
  const [isBusy, setBusy] = useState(false);
  const room = useSelected((state) => conversationOf(state)?.info.id) ?? visitor.room() ?? NO_ROOM;
  const typing = useTyping(room);
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const isNew = !visitor.hasToken();
  const isEmpty = useSelected((state) => {
    const known = conversationOf(state);
    return state.outbox.length === 0 && (known ? known.info.seq === 0 : isNew);
  });
  // Who has begun to write, or is known to the site, is not asked for name and address.
  const shown = fields.filter(({ label }) => isNew || (isEmpty && label));
  const [lacking, setLacking] = useState(/** @type {readonly string[]} */ ([]));
  const hasBegun = visitor.room() !== undefined;
  const attachments = useAttachments(room);
  const [isToBeSent, setToBeSent] = useState(false); // once all attachments are uploaded
  const left = MAX_LENGTH - [...withFields(shown, about, text.trim())].length;
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

  /** @param {string} key @param {string} value */
  function changeAbout(key, value) {
    latest.current = { ...latest.current, [key]: value };
    setAbout(latest.current);
    setLacking(lacking.filter((each) => each !== key));
  }

  useEffect(() => {
    if (isToBeSent && !attachments.isBusy) send();
  }, [isToBeSent, attachments.isBusy]);

  /** @param {Event} [event] */
  async function send(event) {
    event?.preventDefault();
    const said = field.current?.value.trim() ?? "";
    const files = attachments.now();
    const whole = withFields(shown, latest.current, said);
    if (isBusy || (said === "" && !files.count) || [...whole].length > MAX_LENGTH) return;
    const empty = missing(shown, latest.current);
    setLacking(empty);
    if (empty.length > 0) return document.getElementById(fieldId(empty[0]))?.focus();
    if (files.isHeld && !files.isBad) return beginWithFiles();
    setToBeSent(files.isBusy && !files.isBad);
    if (files.isBusy || files.isBad) return;
    // The first message waits for the account; any other is stored at once.
    setBusy(!hasBegun);
    setProblem(null);
    const taken = attachments.take();
    if (hasBegun) write("");
    try {
      await visitor.send(whole, isNew ? filled(latest.current) : {}, files.ready);
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
    ${shown.length > 0 && html`<${AboutYou} fields=${shown} about=${about} onChange=${changeAbout} problem=${problem} lacking=${lacking} />`}
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
 * @param {{ fields: readonly AskedField[], about: Readonly<Record<string, string>>, onChange: (key: string, value: string) => void, problem: ChatError | null, lacking: readonly string[] }} props `lacking`: the keys of fields that must be filled in
 */
function AboutYou({ fields, about, onChange, problem, lacking }) {
  const field = (/** @type {AskedField} */ asked) => {
    const { key, isNeeded } = asked;
    const wrong = lacking.includes(key) ? t("widget.field_needed") : problem?.field === key ? problemText(problem) : "";
    const id = fieldId(key);
    const isAddress = key === "email";
    return html`<div class="field" key=${key}>
      <input id=${id} type=${isAddress ? "email" : "text"} autocomplete=${asked.label ? "off" : key} maxlength=${asked.label ? LONGEST_VALUE : isAddress ? 254 : 64} dir="auto"
        value=${about[key] ?? ""} aria-label=${labelOf(asked)} placeholder=${labelOf(asked)} aria-required=${isNeeded ? "true" : undefined}
        aria-invalid=${wrong ? "true" : undefined} aria-describedby=${wrong ? `${id}-problem` : undefined}
        onInput=${(/** @type {InputEvent} */ event) => onChange(key, /** @type {HTMLInputElement} */ (event.target).value)} />
      ${wrong && html`<p class="field-error" id=${`${id}-problem`} role="alert">${wrong}</p>`}
    </div>`;
  };
  return html`<fieldset class="panel-about">
    <legend class="visually-hidden">${t("widget.about")}</legend>
    ${fields.map(field)}
  </fieldset>`;
}

/** @param {AskedField} field */
function labelOf({ key, label, isNeeded, isMailed }) {
  if (label) return isNeeded ? label : t("widget.optional", { label });
  if (key === "name") return t(isNeeded ? "widget.name_needed" : "widget.name");
  return t(isMailed ? "widget.email_needed" : isNeeded ? "widget.email_asked" : "widget.email");
}

/** @param {string | undefined} key */
function fieldId(key = "") {
  return key === "name" || key === "email" ? key : `about-${key.replace(/\s/g, "-")}`;
}

/** Name and address, if they are filled in. @param {Readonly<Record<string, string>>} about */
function filled({ name = "", email = "" }) {
  return Object.fromEntries(Object.entries({ name, email }).map(([key, value]) => [key, value.trim()]).filter(([, value]) => value));
}
