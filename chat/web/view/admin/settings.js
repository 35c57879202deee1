// Settings that count while the server runs: what each is, where that comes from, and how it is changed.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAct } from "../act.js";
import { announce } from "../announce.js";
import { useChat } from "../context.js";
import { useLoaded } from "../loading.js";
import { dayAndTime } from "../times.js";

/**
 * @typedef {object} Setting
 * @property {any} value what counts
 * @property {any} default what this server was started with
 * @property {"admin" | "start"} source
 * @property {number} [at] when an admin changed it, in milliseconds
 * @property {{ id: number, name: string }} [by]
 */
/** @typedef {Record<string, Setting>} Settings */
/** @typedef {{ found: Settings | undefined, error: string, change: (changes: Record<string, unknown>) => Promise<void> }} Changing */

/**
 * All settings, and how to change some; null takes a change back. The promise of `change` is rejected with a ChatError.
 * @returns {Changing}
 */
export function useSettings() {
  const chat = useChat();
  const { value, error, set } = useLoaded(async () => /** @type {Settings} */ (await chat.call("GET", "/admin/settings")), []);
  const change = async (/** @type {Record<string, unknown>} */ changes) => {
    set(/** @type {Settings} */ (await chat.call("PATCH", "/admin/settings", changes)));
  };
  return { found: value, error, change };
}

/**
 * Change one setting, and say that it is done.
 * @param {Changing} settings
 * @param {string} name
 * @returns {{ error: string, isBusy: boolean, save: (value: unknown) => Promise<boolean> }}
 */
export function useSaving(settings, name) {
  const { act, error, isBusy } = useAct();
  const save = async (/** @type {unknown} */ value) => {
    const isDone = await act(() => settings.change({ [name]: value }));
    if (isDone) announce(t("admin.saved"));
    return isDone;
  };
  return { error, isBusy, save };
}

/**
 * Where a setting comes from; a change can be taken back.
 * @param {{ setting: Setting, onTakeBack: () => void, shown?: (value: any) => string }} props `shown` writes a value
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
