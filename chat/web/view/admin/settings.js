// Live settings: each with its value, its source, and a way to change it.

import { html, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { chatError } from "../../net/errors.js";
import { useAction } from "../shared/action.js";
import { announce } from "../shared/announce.js";
import { useChat } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";
import { dayAndTime } from "../shared/times.js";

/**
 * @typedef {object} Setting
 * @property {any} value the current value
 * @property {any} default the value that this server was started with
 * @property {"admin" | "start"} source
 * @property {number} [at] when an admin changed it, in milliseconds
 * @property {{ id: number, name: string }} [by]
 */
/** @typedef {Record<string, Setting>} Settings */
/** @typedef {{ found: Settings | undefined, error: string, reload: () => void, change: (changes: Record<string, unknown>) => Promise<void> }} Changing */

/**
 * All settings, and a function that changes some; null restores the default. `change` rejects with a ChatError, also if
 * another admin has changed one of them since it was shown; then the current values are shown.
 * @returns {Changing}
 */
export function useSettings() {
  const chat = useChat();
  const load = async () => /** @type {Settings} */ (await chat.call("GET", "/admin/settings"));
  const { value, error, set, reload } = useLoaded(load, []);
  const change = async (/** @type {Record<string, unknown>} */ changes) => {
    const now = await load();
    const other = Object.keys(changes).find((name) => isChanged(value?.[name], now[name]));
    if (other !== undefined) {
      set(now);
      throw chatError("changed", t("admin.changed_meanwhile"));
    }
    set(/** @type {Settings} */ (await chat.call("PATCH", "/admin/settings", changes)));
  };
  return { found: value, error, reload, change };
}

/** @param {Setting | undefined} shown @param {Setting | undefined} now */
function isChanged(shown, now) {
  return JSON.stringify(shown?.value) !== JSON.stringify(now?.value);
}

/**
 * The text of a setting's field: it follows the setting until something is typed.
 * @param {string} now
 * @returns {[string, (text: string) => void]}
 */
export function useFieldText(now) {
  const [text, setText] = useState(now);
  const before = useRef(now);
  useLayoutEffect(() => {
    if (text === before.current) setText(now);
    before.current = now;
  }, [now]);
  return [text, setText];
}

/**
 * Change one setting and announce the success.
 * @param {Changing} settings
 * @param {string} name
 * @returns {{ error: string, isBusy: boolean, save: (value: unknown) => Promise<boolean> }}
 */
export function useSaving(settings, name) {
  const { act, error, isBusy } = useAction();
  const save = async (/** @type {unknown} */ value) => {
    const isDone = await act(() => settings.change({ [name]: value }));
    if (isDone) announce(t("admin.saved"));
    return isDone;
  };
  return { error, isBusy, save };
}

/**
 * The source of a setting, with a button that restores the default.
 * @param {{ setting: Setting, onTakeBack: () => void, shown?: (value: any) => string }} props `shown` formats a value
 */
export function Source({ setting, onTakeBack, shown = String }) {
  if (setting.source === "start") return html`<p class="field-hint">${t("admin.as_started")}</p>`;
  const time = setting.at === undefined ? "" : dayAndTime(setting.at);
  const by = setting.by?.name ?? t("admin.a_command");
  return html`<p class="field-hint admin-source">
    <span>${t("admin.changed_by", { by, time })}</span>
    <button type="button" class="button quiet small" onClick=${onTakeBack}>
      ${t("admin.take_back", { value: shown(setting.default) })}
    </button>
  </p>`;
}
