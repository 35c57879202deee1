// The state of the server's backups: the newest one, the last proven restore, the next one, and the last error.

import { html } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { FormError } from "../controls/fields.js";
import { fileSize } from "../files/file_kinds.js";
import { useChat, useSelected } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";
import { dayAndTime } from "../shared/times.js";

/** @typedef {import("../../protocol").Backups} Backups */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function BackupsPart() {
  const chat = useChat();
  const restored = useSelected((state) => state.server.restored);
  const { value, error } = useLoaded(() => /** @type {Promise<Backups>} */ (chat.call("GET", "/admin/backups")), []);
  if (error) return html`<${FormError} text=${error} />`;
  if (!value) return html`<span class="spinner" role="status" aria-label=${t("common.loading")}></span>`;
  const { made, bytes = 0, proven, next, problem, problem_at } = value;
  return html`<p class="soft">${t(made === undefined && next === undefined ? "admin.backup_off" : "admin.backup_hint")}</p>
    ${problem && html`<${FormError} text=${t("admin.backup_problem", { time: problem_at === undefined ? "" : dayAndTime(problem_at), problem })} />`}
    <dl class="about-server backups">
      <div><dt>${t("admin.backup_last")}</dt><dd>${when(made)}</dd></div>
      ${made !== undefined && html`<div><dt>${t("admin.backup_size")}</dt><dd>${fileSize(bytes)}</dd></div>`}
      <div><dt>${t("admin.backup_proven")}</dt><dd>${when(proven)}</dd></div>
      <div><dt>${t("admin.backup_next")}</dt><dd>${next === undefined ? t("admin.backup_not_planned") : dayAndTime(next)}</dd></div>
      ${restored && html`<div><dt>${t("admin.backup_restored")}</dt><dd>${dayAndTime(restored.at)}</dd></div>`}
    </dl>`;
}

/** How long ago, and when. @param {number | undefined} at */
function when(at) {
  return at === undefined ? t("admin.backup_never") : html`<span>${ago(Date.now() - at)} <span class="soft">${dayAndTime(at)}</span></span>`;
}

/** @param {number} passed milliseconds */
function ago(passed) {
  const format = new Intl.RelativeTimeFormat(language(), { numeric: "auto" });
  if (passed < HOUR) return format.format(-Math.floor(Math.max(passed, 0) / MINUTE), "minute");
  return passed < 2 * DAY ? format.format(-Math.floor(passed / HOUR), "hour") : format.format(-Math.floor(passed / DAY), "day");
}
