// Bans of network addresses: those that hold, a form for another one, and where people appeal.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { confirm } from "../controls/dialog.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { durationText } from "../shared/durations.js";
import { useLoaded } from "../shared/loading.js";
import { dayAndTime } from "../shared/times.js";
import { Source, useFieldText, useSaving } from "./settings.js";

/** @typedef {import("../../protocol").Ban} Ban */
/** @typedef {import("../../protocol").Bans} Bans */

const HOUR = 3600;

/** Seconds that are offered; 0 is for good. */
const TIMES = [HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR, 365 * 24 * HOUR, 0];

/** @param {{ settings: import("./settings.js").Changing }} props */
export function BansPart({ settings }) {
  const chat = useChat();
  const { value, error, set } = useLoaded(async () => /** @type {any} */ (await chat.call("GET", "/admin/bans")), []);
  const { act, error: failure, isBusy } = useAction();
  const lift = (/** @type {Ban} */ ban) => act(async () => set(/** @type {any} */ (await chat.call("DELETE", `/admin/bans/${ban.id}`))));
  const found = /** @type {Bans | undefined} */ (value);
  return html`<p class="soft">${t("bans.hint")}</p>
    <${AddBan} own=${found?.own ?? ""} onAdded=${set} />
    <section class="settings-section">
      <h3>${t("bans.list")}</h3>
      ${found?.bans.length === 0 && html`<p class="soft">${t("bans.none")}</p>`}
      <ul class="list">
        ${found?.bans.map(
          (ban) => html`<li class="row" key=${ban.id}>
            <span class="row-text"><b dir="ltr">${ban.network}</b> <span class="soft small">${about(ban)}</span></span>
            <button type="button" class="button quiet small" disabled=${isBusy} aria-label=${t("bans.lift_of", { network: ban.network })} onClick=${() => lift(ban)}>${t("bans.lift")}</button>
          </li>`,
        )}
      </ul>
      <${FormError} text=${error || failure} />
    </section>
    ${settings.found?.appeal_address && html`<${Appeal} settings=${settings} setting=${settings.found.appeal_address} />`}`;
}

/** Where people appeal. @param {{ settings: import("./settings.js").Changing, setting: import("./settings.js").Setting }} props */
function Appeal({ settings, setting }) {
  const [text, setText] = useFieldText(setting.value);
  const { error, isBusy, save } = useSaving(settings, "appeal_address");
  const address = text.trim();
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void save(address);
  };
  return html`<form class="admin-setting" onSubmit=${submit}>
    <${Field} label=${t("admin.appeal_address")} hint=${t("admin.appeal_address_hint")} value=${text} onInput=${setText} error=${error}
      autocapitalize="none" spellcheck=${false} maxlength="200" placeholder="help@chat.example" />
    ${address !== setting.value && html`<${Submit} label=${t("admin.save")} isBusy=${isBusy} />`}
    <${Source} setting=${setting} shown=${(/** @type {string} */ value) => value || t("admin.none")} onTakeBack=${() => save(null)} />
  </form>`;
}

/** What a ban is of, until when, by whom, and why. @param {Ban} ban */
function about({ registering, until, by, reason }) {
  const what = t(registering ? "bans.of_registering" : "bans.of_all");
  const end = until ? t("bans.until", { time: dayAndTime(until) }) : t("bans.for_good");
  return [what, end, by?.name ?? t("admin.a_command"), reason].filter(Boolean).join(" · ");
}

/** @param {{ own: string, onAdded: (bans: any) => void }} props */
function AddBan({ own, onAdded }) {
  const chat = useChat();
  const { act, error, field, isBusy } = useAction();
  const [network, setNetwork] = useState("");
  const [isRegistering, setRegistering] = useState(false);
  const [seconds, setSeconds] = useState(7 * 24 * HOUR);
  const [reason, setReason] = useState("");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = {
      network: network.trim(),
      registering: isRegistering,
      reason: reason.trim(),
      ...(seconds && { until: Date.now() + seconds * 1000 }),
    };
    const ban = async (/** @type {object} */ more) => onAdded(await chat.call("POST", "/admin/bans", { ...body, ...more }));
    const isDone = await act(async () => {
      try {
        await ban({});
      } catch (refused) {
        if (/** @type {import("../../model/types").ChatError} */ (refused).reason !== "ban_of_own_address") throw refused;
        const isSure = await confirm({ title: t("bans.own_title"), text: t("bans.own_text", { own }), action: t("bans.add"), danger: true });
        if (!isSure) throw refused;
        await ban({ own: true });
      }
    });
    if (!isDone) return;
    setNetwork("");
    setReason("");
  };
  const isOfNetwork = field === "network";
  return html`<form class="form" onSubmit=${submit}>
    <${Field} label=${t("bans.network")} hint=${t("bans.network_hint")} error=${isOfNetwork ? error : ""} value=${network} onInput=${setNetwork}
      maxlength="60" dir="ltr" spellcheck=${false} autocapitalize="none" />
    <fieldset class="choices">
      <legend>${t("bans.what")}</legend>
      ${[true, false].map(
        (each) => html`<label key=${each}>
          <input type="radio" name="ban" checked=${each === isRegistering} onChange=${() => setRegistering(each)} /> ${t(each ? "bans.of_registering" : "bans.of_all")}
        </label>`,
      )}
    </fieldset>
    <div class="field">
      <label for="ban-time">${t("bans.time")}</label>
      <select id="ban-time" value=${seconds} onChange=${(/** @type {any} */ event) => setSeconds(Number(event.target.value))}>
        ${TIMES.map((each) => html`<option key=${each} value=${each} selected=${each === seconds}>${each ? durationText(each) : t("bans.for_good")}</option>`)}
      </select>
    </div>
    <${Field} label=${t("bans.reason")} hint=${t("bans.reason_hint")} value=${reason} onInput=${setReason} maxlength="500" />
    <${FormError} text=${isOfNetwork ? "" : error} />
    <${Submit} label=${t("bans.add")} isBusy=${isBusy} disabled=${!network.trim()} class="danger" />
  </form>`;
}
