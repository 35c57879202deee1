// Settings that count while the server runs: what each is, where that comes from, and how it is changed.

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
 * @property {any} value what counts
 * @property {any} default what this server was started with
 * @property {"admin" | "start"} source
 * @property {number} [at] when an admin changed it, in milliseconds
 * @property {{ id: number, name: string }} [by]
 */
/** @typedef {Record<string, Setting>} Settings */
/** @typedef {{ found: Settings | undefined, error: string, change: (changes: Record<string, unknown>) => Promise<void> }} Changing */

/**
 * All settings, and how to change some; null takes a change back. The promise of `change` is rejected with a ChatError,
 * also where somebody else has changed one of them since it was shown: then it is shown as it is now.
 * @returns {Changing}
 */
export function useSettings() {
  const chat = useChat();
  const load = async () => /** @type {Settings} */ (await chat.call("GET", "/admin/settings"));
  const { value, error, set } = useLoaded(load, []);
  const change = async (/** @type {Record<string, unknown>} */ changes) => {
    const now = await load();
    const other = Object.keys(changes).find((name) => isOther(value?.[name], now[name]));
    if (other !== undefined) {
      set(now);
      throw chatError("changed", t("admin.changed_meanwhile"));
    }
    set(/** @type {Settings} */ (await chat.call("PATCH", "/admin/settings", changes)));
  };
  return { found: value, error, change };
}

/** @param {Setting | undefined} shown @param {Setting | undefined} now */
function isOther(shown, now) {
  return JSON.stringify(shown?.value) !== JSON.stringify(now?.value);
}

/**
 * What is written for a setting: as it is, until something else is typed.
 * @param {string} now
 * @returns {[string, (text: string) => void]}
 */
export function useWritten(now) {
  const [text, setText] = useState(now);
  const before = useRef(now);
  useLayoutEffect(() => {
    if (text === before.current) setText(now);
    before.current = now;
  }, [now]);
  return [text, setText];
}

/**
 * Change one setting, and say that it is done.
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
