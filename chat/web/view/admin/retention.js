// How long messages are kept, how many have expired, and holds.

import { html, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";
import { dayAndTime } from "../shared/times.js";
import { Choices } from "./choices.js";
import { idOf, targetText } from "./named_target.js";
import { NumberSetting } from "./number_setting.js";

/** @typedef {import("../../protocol").Hold} Hold */
/** @typedef {import("./settings.js").Changing} Changing */

const KEEPS = /** @type {const} */ (["server", "shorter", "any"]);
const ROWS = /** @type {const} */ (["deleted_days", "change_days", "key_days"]);
const KINDS = /** @type {const} */ (["room", "person", "server"]);

/** @param {{ settings: Changing }} props */
export function RetentionPart({ settings }) {
  const { found = {} } = settings;
  return html`<p class="soft">${t("retention.hint")}</p>
    <${NumberSetting} settings=${settings} setting=${found.message_days} name="message_days" isWhole=${true} />
    <${Overdue} key=${found.message_days?.value} kind="messages" />
    <${Choices}
      settings=${settings} name="rooms_keep" values=${KEEPS} title=${t("retention.rooms_keep")} question=${t("retention.rooms_keep_ask")}
      label=${(/** @type {"server" | "shorter" | "any"} */ value) => t(`retention.rooms_keep_${value}`)}
      hint=${(/** @type {"server" | "shorter" | "any"} */ value) => t(`retention.rooms_keep_${value}_hint`)}
      isDangerous=${() => false}
    />
    ${found.support_close_days && html`
      <${NumberSetting} settings=${settings} setting=${found.support_close_days} name="support_close_days" isWhole=${true} />
      <${Overdue} key=${`close ${found.support_close_days.value}`} kind="idle_conversations" />
      <${NumberSetting} settings=${settings} setting=${found.support_remove_days} name="support_remove_days" isWhole=${true} />
      <${Overdue} key=${`remove ${found.support_remove_days.value}`} kind="visitors" />`}
    ${found.edit_days && html`
      <${NumberSetting} settings=${settings} setting=${found.edit_days} name="edit_days" isWhole=${true} />
      <${Overdue} key=${`edits ${found.edit_days.value}`} kind="earlier_texts" />
      ${ROWS.map((name) => html`<${NumberSetting} key=${name} settings=${settings} setting=${found[name]} name=${name} isWhole=${true} />`)}`}
    <${Holds} />`;
}

/** What would be removed or closed now. @param {{ kind: "messages" | "idle_conversations" | "visitors" | "earlier_texts" }} props */
function Overdue({ kind }) {
  const chat = useChat();
  const { value } = useLoaded(async () => /** @type {any} */ (await chat.call("GET", "/admin/retention")), []);
  const found = value?.overdue?.find((/** @type {{ kind: string }} */ each) => each.kind === kind);
  if (!found) return null;
  const text = found.count
    ? tn(/** @type {any} */ (`retention.overdue_${kind}_n`), found.count, { oldest: dayAndTime(found.oldest) })
    : t("retention.nothing_overdue");
  return html`<p class="field-hint">${text}</p>`;
}

function Holds() {
  const chat = useChat();
  const load = async () => /** @type {any} */ (await chat.call("GET", "/admin/holds")).holds ?? [];
  const { value, error, set } = useLoaded(load, []);
  const { act, error: failure, isBusy } = useAction();
  const lift = (/** @type {Hold} */ hold) =>
    act(async () => set(/** @type {any} */ (await chat.call("DELETE", `/admin/holds/${hold.id}`)).holds ?? []));
  const holds = /** @type {Hold[]} */ (value ?? []);
  return html`<section class="admin-setting">
    <h3>${t("retention.holds")}</h3>
    <p class="field-hint">${t("retention.holds_hint")}</p>
    <ul class="list">
      ${holds.map(
        (hold) => html`<li class="row" key=${hold.id}>
          <span class="row-text"><b>${targetText(hold)}</b> <span class="soft">${hold.reason}</span></span>
          <button type="button" class="button quiet small" disabled=${isBusy} onClick=${() => lift(hold)}>${t("retention.lift")}</button>
        </li>`,
      )}
    </ul>
    <${FormError} text=${error || failure} />
    <${PlaceHold} onPlaced=${set} />
  </section>`;
}

/** @param {{ onPlaced: (holds: Hold[]) => void }} props */
function PlaceHold({ onPlaced }) {
  const chat = useChat();
  const { act, error, isBusy } = useAction();
  const [kind, setKind] = useState(/** @type {(typeof KINDS)[number]} */ ("room"));
  const [target, setTarget] = useState("");
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState("");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setMissing("");
    const isPlaced = { now: false };
    await act(async () => {
      const found = kind === "server" ? undefined : await idOf(chat, kind, target.trim());
      if (found === null) return setMissing(t(`retention.no_${/** @type {"room" | "person"} */ (kind)}`, { name: target.trim() }));
      const body = { kind, reason: reason.trim(), ...(found && { target: found }) };
      onPlaced(/** @type {any} */ (await chat.call("POST", "/admin/holds", body)).holds);
      isPlaced.now = true;
    });
    if (!isPlaced.now) return;
    setTarget("");
    setReason("");
  };
  return html`<form onSubmit=${submit}>
    <fieldset class="choices">
      <legend>${t("retention.place")}</legend>
      ${KINDS.map(
        (each) => html`<label key=${each}>
          <input type="radio" name="hold" checked=${each === kind} onChange=${() => setKind(each)} /> ${t(`retention.kind_${each}`)}
        </label>`,
      )}
    </fieldset>
    ${kind !== "server" && html`<${Field} label=${t("retention.target")} hint=${t("retention.target_hint")} error=${missing} value=${target} onInput=${setTarget} maxlength="64" />`}
    <${Field} label=${t("retention.reason")} error=${error} value=${reason} onInput=${setReason} maxlength="500" />
    <${Submit} label=${t("retention.place")} isBusy=${isBusy} disabled=${(kind !== "server" && !target.trim()) || !reason.trim()} />
  </form>`;
}
