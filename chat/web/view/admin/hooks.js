// Hooks, of all rooms or of one: made, with their secret address shown once, given another address, and removed.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Copyable } from "../controls/copy.js";
import { confirm, Dialog } from "../controls/dialog.js";
import { Field, FormError, MoreButton, Submit } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { useLoaded, usePages } from "../shared/loading.js";
import { dayAndTime } from "../shared/times.js";
import { readRooms } from "./listed_rooms.js";
import { OutgoingHooks } from "./outgoing_hooks.js";

/** @typedef {import("../../protocol").RoomHook} Hook */
/** @typedef {import("../../protocol").HookWithToken} HookWithToken */

export function HooksPart() {
  return html`<${BothWays} sends />`;
}

/** The hooks of a room, in and out, in a dialog. @param {{ room: number, onClose: () => void }} props */
export function RoomHooks({ room, onClose }) {
  const sends = useSelected(({ server }) => server.features.includes("outgoing_hooks"));
  return html`<${Dialog} title=${t("admin.part_hooks")} onClose=${onClose}><${BothWays} room=${room} sends=${sends} /><//>`;
}

/** @param {{ room?: number, sends: boolean }} props without `room`: those of all rooms */
function BothWays({ room, sends }) {
  const [bridges, setBridges] = useState(0); // made here, each with a hook in the first list
  return html`<${HookList} room=${room} bridges=${bridges} />
    ${sends && html`<${OutgoingHooks} room=${room} onBridge=${() => setBridges(bridges + 1)} />`}`;
}

/** @param {{ room?: number, bridges: number }} props */
function HookList({ room, bridges }) {
  const chat = useChat();
  const [changed, setChanged] = useState(0);
  const [isMaking, setMaking] = useState(false);
  const [renamed, setRenamed] = useState(0);
  const [made, setMade] = useState(/** @type {HookWithToken | null} */ (null));
  const { act, error, isBusy } = useAction();
  const pages = usePages(
    async (after) => {
      if (room !== undefined) {
        const found = /** @type {import("../../protocol").RoomHooks} */ (await chat.call("GET", `/rooms/${room}/hooks`));
        return { items: found.hooks, next: undefined };
      }
      const query = new URLSearchParams({ limit: "50", ...(after && { after: String(after) }) });
      /** @type {import("../../protocol").AllHooks} */
      const { hooks, next } = await chat.call("GET", `/admin/hooks?${query}`);
      return { items: hooks, next };
    },
    [changed, room, bridges],
  );
  const show = (/** @type {HookWithToken | null} */ hook) => {
    setMade(hook);
    setMaking(false);
    setRenamed(0);
    setChanged(changed + 1);
  };
  const renew = async (/** @type {Hook} */ hook) => {
    const question = { title: t("admin.hooks_renew_one", { name: hook.name }), text: t("admin.hooks_renew_text"), action: t("admin.hooks_renew"), danger: true };
    if (await confirm(question)) await act(async () => show(await chat.call("POST", `${path(hook)}/token`, {})));
  };
  const rename = (/** @type {Hook} */ hook, /** @type {string} */ name) => act(async () => {
    await chat.call("PATCH", path(hook), { name });
    show(null);
  });
  const remove = async (/** @type {Hook} */ hook) => {
    const question = { title: t("admin.hooks_remove_one", { name: hook.name }), text: t("admin.hooks_remove_text"), action: t("admin.hooks_remove"), danger: true };
    if (!(await confirm(question))) return;
    await act(async () => {
      await chat.call("DELETE", path(hook));
      show(null);
    });
  };
  return html`<p class="soft">${t("admin.hooks_hint")}</p>
    ${made && html`<section class="settings-section">
      <h3>${t("admin.hooks_address", { name: made.hook.name })}</h3>
      <${Copyable} text=${made.link ?? location.origin + made.path} label=${t("admin.hooks_address", { name: made.hook.name })} />
      <p class="field-hint">${t("admin.hooks_shown")}</p>
    </section>`}
    <${FormError} text=${error || pages.error} />
    ${isMaking ? html`<${NewHook} of=${room} onDone=${show} onClose=${() => setMaking(false)} />` : html`<div class="actions">
      <button type="button" class="button" onClick=${() => setMaking(true)}>${icon("add")} ${t("admin.hooks_new")}</button>
    </div>`}
    <ul class="list admin-hooks" aria-busy=${!pages.items}>
      ${pages.items?.map((hook) => html`<li class="row admin-hook" key=${hook.id}>
        <span class="row-text">
          <span class="row-title"><bdi>${hook.name}</bdi></span>
          <span class="row-note">${about(hook, room === undefined)}</span>
          ${hook.error && html`<span class="row-note is-problem">${t("admin.hooks_error", { time: dayAndTime(hook.error_at ?? 0), error: hook.error })}</span>`}
          ${renamed === hook.id && html`<${Rename} hook=${hook} isBusy=${isBusy} onDone=${(/** @type {string} */ name) => rename(hook, name)} />`}
        </span>
        <span class="row-end actions">
          <button type="button" class="button small quiet" disabled=${isBusy} aria-expanded=${renamed === hook.id} aria-label=${t("admin.hooks_rename_one", { name: hook.name })}
            onClick=${() => setRenamed(renamed === hook.id ? 0 : hook.id)}>${t("admin.hooks_rename")}</button>
          <button type="button" class="button small quiet" disabled=${isBusy} onClick=${() => renew(hook)}>${t("admin.hooks_renew")}</button>
          <button type="button" class="button small quiet danger" disabled=${isBusy} aria-label=${t("admin.hooks_remove_one", { name: hook.name })}
            onClick=${() => remove(hook)}>${t("admin.hooks_remove")}</button>
        </span>
      </li>`)}
    </ul>
    ${pages.items?.length === 0 && !isMaking && html`<p class="settings-none">${t("admin.hooks_none")}</p>`}
    <${MoreButton} pages=${pages} />`;
}

/** @param {Hook} hook */
function path(hook) {
  return `/rooms/${hook.room}/hooks/${hook.id}`;
}

/** @param {Hook} hook @param {boolean} isOfAll */
function about({ room_name: room, used, by }, isOfAll) {
  return [isOfAll && room, used === null ? t("admin.hooks_unused") : t("admin.hooks_used", { time: dayAndTime(used) }), by && t("admin.hooks_by", { name: by.name })].filter(Boolean).join(" · ");
}

/** @param {{ hook: Hook, isBusy: boolean, onDone: (name: string) => void }} props */
function Rename({ hook, isBusy, onDone }) {
  const [name, setName] = useState(hook.name);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    onDone(name);
  };
  return html`<form class="form" onSubmit=${submit}>
    <${Field} label=${t("admin.hooks_name")} value=${name} onInput=${setName} maxlength="57" required autofocus />
    <div class="actions"><${Submit} label=${t("admin.hooks_rename")} isBusy=${isBusy} /></div>
  </form>`;
}

/** @param {{ of?: number, onDone: (made: HookWithToken) => void, onClose: () => void }} props without `of` the room is chosen */
function NewHook({ of, onDone, onClose }) {
  const chat = useChat();
  const { act, error, field, isBusy } = useAction();
  const [name, setName] = useState("");
  const [room, setRoom] = useState("");
  const [mentions, setMentions] = useState(false);
  const rooms = useLoaded(async () => (of === undefined ? await readRooms(chat) : []), []);
  const chosen = String(of ?? (room || (rooms.value?.[0]?.id ?? "")));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void act(async () => onDone(await chat.call("POST", `/rooms/${chosen}/hooks`, { name, mentions })));
  };
  return html`<form class="form" onSubmit=${submit}>
    <${Field} label=${t("admin.hooks_name")} value=${name} onInput=${setName} hint=${t("admin.hooks_name_hint")} error=${field === "name" ? error : ""} maxlength="57" required autofocus />
    ${of === undefined && html`<div class="field">
      <label for="hook-room">${t("admin.hooks_room")}</label>
      <select id="hook-room" value=${chosen} onChange=${(/** @type {any} */ event) => setRoom(event.target.value)}>
        ${rooms.value?.map(({ id, name: each }) => html`<option key=${id} value=${id} selected=${String(id) === chosen}>${each}</option>`)}
      </select>
    </div>`}
    <label class="check"><input type="checkbox" checked=${mentions} onChange=${() => setMentions(!mentions)} /> <span>${t("admin.hooks_mentions")}</span></label>
    <${FormError} text=${rooms.error || (field === "name" ? "" : error)} />
    <div class="actions">
      <${Submit} label=${t("admin.hooks_make")} isBusy=${isBusy} disabled=${!chosen} />
      <button type="button" class="button quiet" onClick=${onClose}>${t("common.cancel")}</button>
    </div>
  </form>`;
}
