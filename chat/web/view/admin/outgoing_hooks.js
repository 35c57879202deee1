// Outgoing hooks and bridges, of all people or of one room: made, hooks with their secret shown once, changed, switched off,
// replayed from a position or a time, and removed.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Copyable } from "../controls/copy.js";
import { confirm } from "../controls/dialog.js";
import { Field, FormError, MoreButton, Submit } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { useLoaded, usePages } from "../shared/loading.js";
import { dayAndTime } from "../shared/times.js";
import { ChangeBridge, NewBridge } from "./bridges.js";
import { readRooms } from "./listed_rooms.js";

/** @typedef {import("../../protocol").SentHook} Hook */
/** @typedef {import("../../protocol").HookWithSecret} HookWithSecret */

const OFF = /** @type {const} */ ({
  owner: "admin.outgoing_off_owner",
  gone: "admin.outgoing_off_gone",
  failing: "admin.outgoing_off_failing",
  no_right: "admin.outgoing_off_no_right",
});

/** @param {{ room?: number, onBridge: () => void }} props without `room`: those of all people */
export function OutgoingHooks({ room, onBridge }) {
  const chat = useChat();
  const me = useSelected((state) => state.me?.id);
  const isAdmin = useSelected((state) => state.me?.roles?.includes("admin") ?? false);
  const [changed, setChanged] = useState(0);
  const [making, setMaking] = useState(/** @type {"hook" | "bridge" | ""} */ (""));
  const [opened, setOpened] = useState(/** @type {{ id: number, form: "change" | "replay" } | null} */ (null));
  const [made, setMade] = useState(/** @type {HookWithSecret | null} */ (null));
  const { act, error, isBusy } = useAction();
  const pages = usePages(
    async (after) => {
      if (room !== undefined) {
        const found = /** @type {import("../../protocol").RoomSentHooks} */ (await chat.call("GET", `/rooms/${room}/outgoing-hooks`));
        return { items: found.hooks, next: undefined };
      }
      const query = new URLSearchParams({ limit: "50", ...(after && { after: String(after) }) });
      /** @type {import("../../protocol").AllSentHooks} */
      const { hooks, next } = await chat.call("GET", `/admin/outgoing-hooks?${query}`);
      return { items: hooks, next };
    },
    [changed, room],
  );
  const show = (/** @type {HookWithSecret | null} */ hook) => {
    setMade(hook?.hook.gateway ? null : hook);
    setMaking("");
    setOpened(null);
    setChanged(changed + 1);
  };
  const change = (/** @type {Hook} */ hook, /** @type {object} */ fields) => act(async () => {
    await chat.call("PATCH", path(hook), fields);
    show(null);
  });
  const renew = async (/** @type {Hook} */ hook) => {
    const question = { title: t("admin.outgoing_renew_one", { url: hook.url }), text: t("admin.outgoing_renew_text"), action: t("admin.outgoing_renew"), danger: false };
    if (await confirm(question)) await act(async () => show(await chat.call("POST", `${path(hook)}/secret`)));
  };
  const remove = async (/** @type {Hook} */ hook) => {
    const question = { title: t("admin.hooks_remove_one", { name: hook.url }), text: t("admin.outgoing_remove_text"), action: t("admin.hooks_remove"), danger: true };
    if (!(await confirm(question))) return;
    await act(async () => {
      await chat.call("DELETE", path(hook));
      show(null);
    });
  };
  const close = () => setMaking("");
  const showBridge = (/** @type {HookWithSecret} */ bridge) => {
    show(bridge);
    onBridge();
  };
  const form = (/** @type {Hook} */ { id }, /** @type {"change" | "replay"} */ name, /** @type {string} */ label) => {
    const isOpen = opened?.id === id && opened.form === name;
    return html`<button type="button" class="button small quiet" disabled=${isBusy} aria-expanded=${isOpen}
      onClick=${() => setOpened(isOpen ? null : { id, form: name })}>${label}</button>`;
  };
  return html`<section class="settings-section">
    <h3>${t("admin.outgoing_title")}</h3>
    <p class="soft">${t("admin.outgoing_hint")}</p>
    ${made && html`<${Copyable} text=${made.secret} label=${t("admin.outgoing_secret", { url: made.hook.url })} />
      <p class="field-hint">${t("admin.outgoing_shown")}</p>`}
    <${FormError} text=${error || pages.error} />
    ${making === "hook" && html`<${NewHook} of=${room} onDone=${show} onClose=${close} />`}
    ${making === "bridge" && html`<${NewBridge} of=${room} onDone=${showBridge} onClose=${close} />`}
    ${!making && html`<div class="actions">
      <button type="button" class="button" onClick=${() => setMaking("hook")}>${icon("add")} ${t("admin.outgoing_new")}</button>
      <button type="button" class="button" onClick=${() => setMaking("bridge")}>${icon("add")} ${t("admin.bridge_new")}</button>
    </div>`}
    <ul class="list admin-hooks" aria-busy=${!pages.items}>
      ${pages.items?.map((hook) => html`<li class="row admin-hook admin-outgoing" key=${hook.id}>
        <span class="row-text">
          <span class="row-title"><bdi>${hook.url}</bdi></span>
          <span class="row-note">${about(hook, room === undefined)}</span>
          ${hook.off && html`<span class="row-note is-problem">${t(OFF[hook.off])}</span>`}
          ${hook.error && html`<span class="row-note is-problem">${t("admin.hooks_error", { time: dayAndTime(hook.error_at ?? 0), error: hook.error })}</span>`}
          ${hook.next && html`<span class="row-note">${t("admin.outgoing_next", { time: dayAndTime(hook.next), tries: hook.tries })}</span>`}
          ${opened?.id === hook.id && html`<${opened.form === "replay" ? Replay : hook.gateway ? ChangeBridge : Change} hook=${hook} isBusy=${isBusy} onDone=${(/** @type {object} */ fields) => change(hook, fields)} />`}
        </span>
        <span class="row-end actions">
          ${hook.owner.id === me && html`<button type="button" class="button small quiet" disabled=${isBusy}
              onClick=${() => change(hook, { on: hook.off !== null })}>${t(hook.off ? "admin.outgoing_switch_on" : "admin.outgoing_switch_off")}</button>
            ${form(hook, "change", t("admin.outgoing_change"))}
            ${form(hook, "replay", t("admin.outgoing_replay"))}
            ${!hook.gateway && html`<button type="button" class="button small quiet" disabled=${isBusy} onClick=${() => renew(hook)}>${t("admin.outgoing_renew")}</button>`}`}
          ${(hook.owner.id === me || isAdmin) && html`<button type="button" class="button small quiet danger" disabled=${isBusy}
            aria-label=${t("admin.hooks_remove_one", { name: hook.url })} onClick=${() => remove(hook)}>${t("admin.hooks_remove")}</button>`}
        </span>
      </li>`)}
    </ul>
    ${pages.items?.length === 0 && !making && html`<p class="settings-none">${t("admin.outgoing_none")}</p>`}
    <${MoreButton} pages=${pages} />
  </section>`;
}

/** @param {Hook} hook */
function path(hook) {
  return `/outgoing-hooks/${hook.id}`;
}

/** @param {Hook} hook @param {boolean} isOfAll */
function about({ room, room_name: name, owner, bot, gateway, kinds, sent, position, behind }, isOfAll) {
  const where = room === null ? t("admin.outgoing_all_rooms") : isOfAll && name;
  const what = bot
    ? gateway ? t("admin.bridge_of", { gateway, name: bot.name }) : t("admin.outgoing_bot", { name: bot.name })
    : kinds.length > 0 && t("admin.outgoing_only", { kinds: kinds.join(", ") });
  const last = sent === null ? t("admin.outgoing_unsent") : t("admin.outgoing_sent", { time: dayAndTime(sent) });
  return [where, what, t("admin.hooks_by", { name: owner.name }), last, t("admin.outgoing_place", { position, behind })].filter(Boolean).join(" · ");
}

/** @param {{ hook: Hook, isBusy: boolean, onDone: (fields: object) => void }} props */
function Replay({ hook, isBusy, onDone }) {
  const [isByTime, setByTime] = useState(false);
  const [position, setPosition] = useState(String(hook.position));
  const [since, setSince] = useState("");
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    onDone({ on: true, ...(isByTime ? { since: new Date(since).getTime() } : { position: Number(position) }) });
  };
  return html`<form class="form" onSubmit=${submit}>
    <label class="check"><input type="checkbox" checked=${isByTime} onChange=${() => setByTime(!isByTime)} /> <span>${t("admin.outgoing_by_time")}</span></label>
    ${isByTime
      ? html`<${Field} key="time" label=${t("admin.outgoing_since")} type="datetime-local" value=${since} onInput=${setSince} required />`
      : html`<${Field} key="position" label=${t("admin.outgoing_from")} type="number" min="0" value=${position} onInput=${setPosition} required autofocus />`}
    <div class="actions"><${Submit} label=${t("admin.outgoing_replay")} isBusy=${isBusy} /></div>
  </form>`;
}

/** @param {{ hook: Hook, isBusy: boolean, onDone: (fields: object) => void }} props */
function Change({ hook, isBusy, onDone }) {
  const [url, setUrl] = useState(hook.url);
  const [kinds, setKinds] = useState(hook.kinds.join(" "));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    onDone({ url, kinds: words(kinds) });
  };
  return html`<form class="form" onSubmit=${submit}>
    <${Field} label=${t("admin.outgoing_url")} value=${url} onInput=${setUrl} maxlength="2000" required autofocus />
    ${!hook.bot && html`<${Field} label=${t("admin.outgoing_kinds")} value=${kinds} onInput=${setKinds} hint=${t("admin.outgoing_kinds_hint")} />`}
    <div class="actions"><${Submit} label=${t("admin.save")} isBusy=${isBusy} /></div>
  </form>`;
}

/** @param {string} kinds */
function words(kinds) {
  return kinds.split(/[\s,]+/u).filter(Boolean);
}

/** @param {{ of?: number, onDone: (made: HookWithSecret) => void, onClose: () => void }} props without `of` the room is chosen */
function NewHook({ of, onDone, onClose }) {
  const chat = useChat();
  const { act, error, field, isBusy } = useAction();
  const [url, setUrl] = useState("");
  const [kinds, setKinds] = useState("");
  const [room, setRoom] = useState(of === undefined ? "" : String(of));
  const rooms = useLoaded(async () => (of === undefined ? await readRooms(chat) : []), []);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void act(async () => onDone(await chat.call("POST", "/outgoing-hooks", { url, kinds: words(kinds), ...(room && { room: Number(room) }) })));
  };
  return html`<form class="form" onSubmit=${submit}>
    <${Field} label=${t("admin.outgoing_url")} value=${url} onInput=${setUrl} error=${field === "url" ? error : ""} maxlength="2000" required autofocus />
    ${of === undefined && html`<div class="field">
      <label for="outgoing-room">${t("admin.hooks_room")}</label>
      <select id="outgoing-room" value=${room} onChange=${(/** @type {any} */ event) => setRoom(event.target.value)}>
        <option value="">${t("admin.outgoing_all_rooms")}</option>
        ${rooms.value?.map(({ id, name }) => html`<option key=${id} value=${id}>${name}</option>`)}
      </select>
    </div>`}
    <${Field} label=${t("admin.outgoing_kinds")} value=${kinds} onInput=${setKinds} hint=${t("admin.outgoing_kinds_hint")} error=${field === "kinds" ? error : ""} />
    <${FormError} text=${rooms.error || (field === "url" || field === "kinds" ? "" : error)} />
    <div class="actions">
      <${Submit} label=${t("admin.hooks_make")} isBusy=${isBusy} />
      <button type="button" class="button quiet" onClick=${onClose}>${t("common.cancel")}</button>
    </div>
  </form>`;
}
