// The panel's view: the header, the conversation and the composer.

import "../view/controls/icons/more.js";
import { html, useEffect, useMemo, useState } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { Announcer, announce } from "../view/shared/announce.js";
import { avatar } from "../view/controls/avatar.js";
import { ChatContext, useSelected } from "../view/shared/context.js";
import { icon } from "../view/controls/icon.js";
import { preview } from "../model/text.js";
import { clock, futureTime } from "../view/shared/times.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { fieldsOf, withAddress } from "./fields.js";
import { conversationOf } from "./visitor.js";

/** @typedef {import("./host.js").Host} Host */
/** @typedef {import("./host.js").OnShow} OnShow */
/** @typedef {import("./visitor.js").Visitor} Visitor */

/** Milliseconds between two checks whether an operator is online. */
const DESK_INTERVAL = 60_000;

/** @typedef {ReturnType<typeof import("./sound.js").openSound>} Sound */

/** @param {{ visitor: Visitor, host: Host, shown: Set<OnShow>, sound: Sound }} props */
export function Panel({ visitor, host, shown, sound }) {
  return html`<${ChatContext.Provider} value=${visitor}>
    <${Frame} visitor=${visitor} host=${host} shown=${shown} sound=${sound} />
    <${Announcer} />
  <//>`;
}

/** @param {{ visitor: Visitor, host: Host, shown: Set<OnShow>, sound: Sound }} props */
function Frame({ visitor, host, shown, sound }) {
  const { isOpen, asked } = useShown(host, shown);
  const desk = useDesk(visitor, isOpen);
  const isStaffed = desk?.isStaffed ?? null;
  const back = desk?.opens === undefined ? "" : backText(desk.opens);
  const info = useSelected((state) => conversationOf(state)?.info);
  const connection = useSelected((state) => state.connection.state);
  const hasWaiting = useSelected((state) => state.outbox.length > 0);
  const isBlocked = useSelected(() => visitor.isBlocked());
  const hasBegun = visitor.hasToken();
  const fields = useMemo(() => fieldsOf(host.fields), []);
  useEffect(() => {
    if (isOpen && !document.hidden) visitor.markRead().catch(() => {});
  }, [isOpen, info?.unread]);
  useAnnouncements();
  useOperators(visitor);
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    if (event.key === "Escape" && !event.isComposing) host.close();
  };
  return html`<main class="panel" onKeyDown=${onKeyDown}>
    <${Header} host=${host} assignee=${info?.support?.assignee} isStaffed=${isStaffed} back=${back} sound=${hasBegun && sound} />
    ${hasBegun && connection === "offline" && html`<p class="panel-bar" role="status">${icon("offline", { size: 16 })} ${t("widget.offline")}</p>`}
    <${Conversation} visitor=${visitor} isStaffed=${isStaffed} back=${back} needsAddress=${desk?.needsAddress ?? false} greeting=${desk?.greeting ?? ""} hasBegun=${hasBegun || hasWaiting} />
    ${host.consent && !hasBegun && html`<${Consent} text=${host.consent} link=${host.consentLink} />`}
    ${isBlocked ? html`<p class="panel-note" role="status">${t("widget.blocked")}</p>` : html`<${Composer} visitor=${visitor} asked=${asked} fields=${desk?.needsAddress ? withAddress(fields) : fields} />`}
  </main>`;
}

/** What the visitor agrees to by writing, in the words of the site. @param {{ text: string, link: string }} props */
function Consent({ text, link }) {
  return html`<p class="panel-consent" dir="auto">${text} ${link && html`<a href=${link} target="_blank" rel="noopener noreferrer">${t("widget.privacy")}</a>`}</p>`;
}

/** @param {{ host: Host, assignee?: { id: number, name: string }, isStaffed: boolean | null, back: string, sound: Sound | false }} props `back`: when the desk opens, if it is closed */
function Header({ host, assignee, isStaffed, back, sound }) {
  const status = assignee
    ? t("widget.answered_by", { name: assignee.name })
    : back || t(isStaffed === null ? "widget.subtitle" : isStaffed ? "widget.online" : "widget.away");
  return html`<header class="panel-header">
    ${assignee ? avatar(assignee) : html`<span class="panel-sign">${icon("support")}</span>`}
    <div class="panel-title">
      <h1>${t("widget.title")}</h1>
      <p dir="auto">${!assignee && isStaffed && html`<span class="panel-dot" aria-hidden="true"></span>`}${status}</p>
    </div>
    ${sound && html`<${SoundSwitch} sound=${sound} />`}
    ${host.isFramed && html`<button type="button" class="icon-button" aria-label=${t("widget.close")} onClick=${host.close}>${icon("close")}</button>`}
  </header>`;
}

/** @param {{ sound: Sound }} props */
function SoundSwitch({ sound }) {
  const [isOn, setOn] = useState(sound.isOn);
  const turn = () => {
    sound.turn(!isOn);
    setOn(!isOn);
  };
  return html`<button type="button" class="icon-button" aria-label=${t("widget.sound")} title=${t("widget.sound")} aria-pressed=${isOn} onClick=${turn}>${icon(isOn ? "bell" : "bell_off")}</button>`;
}

/** When the desk opens, in words. @param {number} opens milliseconds */
function backText(opens) {
  const isToday = new Date(opens).toDateString() === new Date().toDateString();
  return isToday ? t("widget.back_today", { time: clock(opens) }) : t("widget.back", { time: futureTime(opens) });
}

/** Whether the site shows the panel, and how often it requested the focus. @param {Host} host @param {Set<OnShow>} shown */
function useShown(host, shown) {
  const [state, setState] = useState({ isOpen: !host.isFramed, asked: 0 });
  useEffect(() => {
    /** @type {OnShow} */
    const show = (isOpen, wantsFocus) => setState(({ asked }) => ({ isOpen, asked: asked + (isOpen && wantsFocus ? 1 : 0) }));
    shown.add(show);
    host.ready(); // not earlier, because the site's answer needs the listener
    return () => {
      shown.delete(show);
    };
  }, []);
  return state;
}

/** What the desk is like now; null until it is known. @param {Visitor} visitor @param {boolean} isOpen */
function useDesk(visitor, isOpen) {
  const [desk, setDesk] = useState(/** @type {Awaited<ReturnType<Visitor["desk"]>> | null} */ (null));
  useEffect(() => {
    if (!isOpen) return undefined;
    const refresh = () => visitor.desk().then(setDesk, () => {});
    refresh();
    const timer = setInterval(refresh, DESK_INTERVAL);
    return () => clearInterval(timer);
  }, [isOpen]);
  return desk;
}

/** Read the profiles of the operators who have written, and of the one who answers, on each connection. @param {Visitor} visitor */
function useOperators(visitor) {
  const isLive = useSelected(({ connection, server }) => connection.state === "live" && server.features.includes("pictures"));
  const ids = useSelected((state) => {
    const room = conversationOf(state);
    const senders = [...(room?.messages.values() ?? [])].map(({ sender }) => sender.id);
    const operators = new Set([...senders, room?.info.support?.assignee?.id ?? 0]);
    return [...operators].filter((id) => id && id !== state.me?.id).sort((one, other) => one - other).slice(0, 100).join();
  });
  useEffect(() => {
    if (isLive && ids) visitor.readOperators(ids.split(",").map(Number)).catch(() => {}); // the next connection reads them
  }, [isLive, ids]);
}

/** Announce the operators' messages to screen readers. */
function useAnnouncements() {
  const last = useSelected((state) => {
    const room = conversationOf(state);
    if (!room) return undefined;
    const message = room.messages.get(room.info.seq);
    return message && message.sender.id !== state.me?.id && !message.deleted && message.seq > room.info.read ? message : undefined;
  });
  useEffect(() => {
    if (last) announce(`${last.sender.name}: ${preview(last.text ?? "") || t("timeline.file")}`);
  }, [last?.seq]);
}
