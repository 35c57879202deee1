// The outgoing hooks of all people: made, with their secret shown once, switched off, replayed from a position, and removed.

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
import { readRooms } from "./listed_rooms.js";

/** @typedef {import("../../protocol").SentHook} Hook */
/** @typedef {import("../../protocol").HookWithSecret} HookWithSecret */

const OFF = /** @type {const} */ ({
  owner: "admin.outgoing_off_owner",
  gone: "admin.outgoing_off_gone",
  failing: "admin.outgoing_off_failing",
  no_right: "admin.outgoing_off_no_right",
});

export function OutgoingHooks() {
  const chat = useChat();
  const me = useSelected((state) => state.me?.id);
  const [changed, setChanged] = useState(0);
  const [isMaking, setMaking] = useState(false);
  const [replayed, setReplayed] = useState(0);
  const [made, setMade] = useState(/** @type {HookWithSecret | null} */ (null));
  const { act, error, isBusy } = useAction();
  const pages = usePages(
    async (after) => {
      const query = new URLSearchParams({ limit: "50", ...(after && { after: String(after) }) });
      /** @type {import("../../protocol").AllSentHooks} */
      const { hooks, next } = await chat.call("GET", `/admin/outgoing-hooks?${query}`);
      return { items: hooks, next };
    },
    [changed],
  );
  const show = (/** @type {HookWithSecret | null} */ hook) => {
    setMade(hook);
    setMaking(false);
    setReplayed(0);
    setChanged(changed + 1);
  };
  const change = (/** @type {Hook} */ hook, /** @type {object} */ fields) => act(async () => {
    await chat.call("PATCH", path(hook), fields);
    show(null);
  });
  const remove = async (/** @type {Hook} */ hook) => {
    const question = { title: t("admin.hooks_remove_one", { name: hook.url }), text: t("admin.outgoing_remove_text"), action: t("admin.hooks_remove"), danger: true };
    if (!(await confirm(question))) return;
    await act(async () => {
      await chat.call("DELETE", path(hook));
      show(null);
    });
  };
  return html`<section class="settings-section">
    <h3>${t("admin.outgoing_title")}</h3>
    <p class="soft">${t("admin.outgoing_hint")}</p>
    ${made && html`<${Copyable} text=${made.secret} label=${t("admin.outgoing_secret", { url: made.hook.url })} />
      <p class="field-hint">${t("admin.outgoing_shown")}</p>`}
    <${FormError} text=${error || pages.error} />
    ${isMaking ? html`<${NewHook} onDone=${show} onClose=${() => setMaking(false)} />` : html`<div class="actions">
      <button type="button" class="button" onClick=${() => setMaking(true)}>${icon("add")} ${t("admin.outgoing_new")}</button>
    </div>`}
    <ul class="list admin-hooks" aria-busy=${!pages.items}>
      ${pages.items?.map((hook) => html`<li class="row admin-hook admin-outgoing" key=${hook.id}>
        <span class="row-text">
          <span class="row-title"><bdi>${hook.url}</bdi></span>
          <span class="row-note">${about(hook)}</span>
          ${hook.off && html`<span class="row-note is-problem">${t(OFF[hook.off])}</span>`}
          ${hook.error && html`<span class="row-note is-problem">${t("admin.hooks_error", { time: dayAndTime(hook.error_at ?? 0), error: hook.error })}</span>`}
          ${replayed === hook.id && html`<${Replay} hook=${hook} isBusy=${isBusy} onDone=${(/** @type {number} */ position) => change(hook, { position, on: true })} />`}
        </span>
        <span class="row-end actions">
          ${hook.owner.id === me && html`<button type="button" class="button small quiet" disabled=${isBusy}
              onClick=${() => change(hook, { on: hook.off !== null })}>${t(hook.off ? "admin.outgoing_switch_on" : "admin.outgoing_switch_off")}</button>
            <button type="button" class="button small quiet" disabled=${isBusy} aria-expanded=${replayed === hook.id}
              onClick=${() => setReplayed(replayed === hook.id ? 0 : hook.id)}>${t("admin.outgoing_replay")}</button>`}
          <button type="button" class="button small quiet danger" disabled=${isBusy} aria-label=${t("admin.hooks_remove_one", { name: hook.url })}
            onClick=${() => remove(hook)}>${t("admin.hooks_remove")}</button>
        </span>
      </li>`)}
    </ul>
    ${pages.items?.length === 0 && !isMaking && html`<p class="settings-none">${t("admin.outgoing_none")}</p>`}
    <${MoreButton} pages=${pages} />
  </section>`;
}

/** @param {Hook} hook */
function path(hook) {
  return `/outgoing-hooks/${hook.id}`;
}

/** @param {Hook} hook */
function about({ room, room_name: name, owner, sent, position, behind }) {
  const where = room === null ? t("admin.outgoing_all_rooms") : name;
  const last = sent === null ? t("admin.outgoing_unsent") : t("admin.outgoing_sent", { time: dayAndTime(sent) });
  return [where, t("admin.hooks_by", { name: owner.name }), last, t("admin.outgoing_place", { position, behind })].filter(Boolean).join(" · ");
}

/** @param {{ hook: Hook, isBusy: boolean, onDone: (position: number) => void }} props */
function Replay({ hook, isBusy, onDone }) {
  const [position, setPosition] = useState(String(hook.position));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    onDone(Number(position));
  };
  return html`<form class="form" onSubmit=${submit}>
    <${Field} label=${t("admin.outgoing_from")} type="number" min="0" value=${position} onInput=${setPosition} required autofocus />
    <div class="actions"><${Submit} label=${t("admin.outgoing_replay")} isBusy=${isBusy} /></div>
  </form>`;
}

/** @param {{ onDone: (made: HookWithSecret) => void, onClose: () => void }} props */
function NewHook({ onDone, onClose }) {
  const chat = useChat();
  const { act, error, field, isBusy } = useAction();
  const [url, setUrl] = useState("");
  const [room, setRoom] = useState("");
  const rooms = useLoaded(() => readRooms(chat), []);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void act(async () => onDone(await chat.call("POST", "/outgoing-hooks", { url, ...(room && { room: Number(room) }) })));
  };
  return html`<form class="form" onSubmit=${submit}>
    <${Field} label=${t("admin.outgoing_url")} value=${url} onInput=${setUrl} error=${field === "url" ? error : ""} maxlength="2000" required autofocus />
    <div class="field">
      <label for="outgoing-room">${t("admin.hooks_room")}</label>
      <select id="outgoing-room" value=${room} onChange=${(/** @type {any} */ event) => setRoom(event.target.value)}>
        <option value="">${t("admin.outgoing_all_rooms")}</option>
        ${rooms.value?.map(({ id, name: of }) => html`<option key=${id} value=${id}>${of}</option>`)}
      </select>
    </div>
    <${FormError} text=${rooms.error || (field === "url" ? "" : error)} />
    <div class="actions">
      <${Submit} label=${t("admin.hooks_make")} isBusy=${isBusy} />
      <button type="button" class="button quiet" onClick=${onClose}>${t("common.cancel")}</button>
    </div>
  </form>`;
}
