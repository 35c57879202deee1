// Settings that count while the server runs: what each is, where that comes from, and how it is changed.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { announce } from "../announce.js";
import { useAnswer } from "../asking.js";
import { useChat } from "../context.js";
import { problemText } from "../problem.js";
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
/** @typedef {{ found: Settings | null, problem: string | null, change: (changes: Record<string, unknown>) => Promise<void> }} Changing */

/**
 * All settings, and how to change some; null takes a change back. The promise of `change` is rejected with a ChatError.
 * @returns {Changing}
 */
export function useSettings() {
  const chat = useChat();
  /** @type {{ found: Settings | null, problem: string | null, put: (found: Settings) => void }} */
  const { found, problem, put } = useAnswer("/admin/settings");
  const change = async (/** @type {Record<string, unknown>} */ changes) => {
    put(/** @type {Settings} */ (await chat.call("PATCH", "/admin/settings", changes)));
  };
  return { found, problem, change };
}

/**
 * Change one setting, and say how that went.
 * @param {Changing} settings
 * @param {string} name
 * @returns {{ problem: string | null, isBusy: boolean, save: (value: unknown) => Promise<boolean> }}
 */
export function useSaving(settings, name) {
  const [problem, setProblem] = useState(/** @type {string | null} */ (null));
  const [isBusy, setBusy] = useState(false);
  const save = async (/** @type {unknown} */ value) => {
    setBusy(true);
    try {
      await settings.change({ [name]: value });
      setProblem(null);
      announce(t("admin.saved"));
      return true;
    } catch (error) {
      setProblem(problemText(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { problem, isBusy, save };
}

/**
 * Where a setting comes from; a change can be taken back.
 * @param {{ setting: Setting, onTakeBack: () => void, shown?: (value: any) => string }} props `shown` writes a value
 */
export function Source({ setting, onTakeBack, shown = String }) {
  if (setting.source === "start") return html`<p class="field-hint">${t("admin.as_started")}</p>`;
  const time = setting.at === undefined ? "" : dayAndTime(setting.at);
  const by = setting.by?.name ?? t("admin.a_command");
  return html`<p class="field-hint">
    ${t("admin.changed_by", { by, time })}
    <button type="button" class="button quiet small" onClick=${onTakeBack}>
      ${t("admin.take_back", { value: shown(setting.default) })}
    </button>
  </p>`;
}

/** What stands in place of settings that are not there yet. @param {{ problem: string | null }} props */
export function NoSettings({ problem }) {
  if (problem) return html`<p class="notice danger" role="alert">${problem}</p>`;
  return html`<span class="spinner" role="status" aria-label=${t("common.loading")}></span>`;
}
