// Bridges: outgoing hooks to a gateway of a matterbridge. Each has a hook of its own, by which messages from there are posted.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";
import { readRooms } from "./listed_rooms.js";

/** @typedef {import("../../protocol").HookWithSecret} HookWithSecret */
/** @typedef {import("../../protocol").HookWithToken} HookWithToken */
/** @typedef {import("../../protocol").SentHook} Hook */
/** @typedef {{ url: string, gateway: string, token: string }} Place where the messages go */

/** @param {{ of?: number, onDone: (made: HookWithSecret) => void, onClose: () => void }} props without `of` the room is chosen */
export function NewBridge({ of, onDone, onClose }) {
  const chat = useChat();
  const { act, error, field, isBusy } = useAction();
  const [place, setPlace] = useState({ url: "", gateway: "", token: "" });
  const [name, setName] = useState("");
  const [room, setRoom] = useState("");
  const rooms = useLoaded(async () => (of === undefined ? await readRooms(chat) : []), []);
  const chosen = of ?? Number(room || rooms.value?.[0]?.id);
  const make = async () => {
    const { hook } = /** @type {HookWithToken} */ (await chat.call("POST", `/rooms/${chosen}/hooks`, { name }));
    try {
      onDone(await chat.call("POST", "/outgoing-hooks", { ...place, room: chosen, bot: hook.id }));
    } catch (reason) {
      await chat.call("DELETE", `/rooms/${chosen}/hooks/${hook.id}`);
      throw reason;
    }
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void act(make);
  };
  const isOfField = field !== undefined && ["url", "gateway", "token", "name"].includes(field);
  return html`<form class="form" onSubmit=${submit}>
    <p class="soft">${t("admin.bridge_hint")}</p>
    ${of === undefined && html`<div class="field">
      <label for="bridge-room">${t("admin.hooks_room")}</label>
      <select id="bridge-room" value=${String(chosen)} onChange=${(/** @type {any} */ event) => setRoom(event.target.value)}>
        ${rooms.value?.map(({ id, name: each }) => html`<option key=${id} value=${id} selected=${id === chosen}>${each}</option>`)}
      </select>
    </div>`}
    <${PlaceFields} place=${place} onInput=${setPlace} field=${field} error=${error} tokenHint=${t("admin.bridge_token_hint")} />
    <${Field} label=${t("admin.bridge_name")} value=${name} onInput=${setName} hint=${t("admin.bridge_name_hint")} error=${field === "name" ? error : ""} maxlength="57" required />
    <${FormError} text=${rooms.error || (isOfField ? "" : error)} />
    <div class="actions">
      <${Submit} label=${t("admin.bridge_make")} isBusy=${isBusy} disabled=${!chosen} />
      <button type="button" class="button quiet" onClick=${onClose}>${t("common.cancel")}</button>
    </div>
  </form>`;
}

/** @param {{ hook: Hook, isBusy: boolean, onDone: (fields: object) => void }} props */
export function ChangeBridge({ hook, isBusy, onDone }) {
  const [place, setPlace] = useState({ url: hook.url, gateway: hook.gateway ?? "", token: "" });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const { token, ...others } = place;
    onDone(token ? place : others);
  };
  return html`<form class="form" onSubmit=${submit}>
    <${PlaceFields} place=${place} onInput=${setPlace} error="" tokenHint=${t("admin.bridge_token_kept")} />
    <div class="actions"><${Submit} label=${t("admin.save")} isBusy=${isBusy} /></div>
  </form>`;
}

/** @param {{ place: Place, onInput: (place: Place) => void, field?: string, error: string, tokenHint: string }} props */
function PlaceFields({ place, onInput, field, error, tokenHint }) {
  const of = (/** @type {keyof Place} */ name) => ({
    value: place[name],
    onInput: (/** @type {string} */ value) => onInput({ ...place, [name]: value }),
    error: field === name ? error : "",
  });
  return html`<${Field} label=${t("admin.bridge_url")} ...${of("url")} maxlength="2000" required autofocus />
    <${Field} label=${t("admin.bridge_gateway")} ...${of("gateway")} hint=${t("admin.bridge_gateway_hint")} maxlength="64" required />
    <${Field} label=${t("admin.bridge_token")} ...${of("token")} hint=${tokenHint} type="password" autocomplete="off" maxlength="200" />`;
}
