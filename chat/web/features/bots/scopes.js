// What a bot may do, and what is shown of one.

import { t } from "../../i18n/index.js";
import { dayAndTime } from "../../view/shared/times.js";

export const SCOPES = /** @type {const} */ (["read", "speak", "react"]);

/** @param {import("../../protocol").Bot} bot */
export function aboutBot({ scopes, used }) {
  const may = SCOPES.filter((scope) => scopes.includes(scope)).map((scope) => t(`bots.scope_${scope}`));
  return [may.join(", "), used ? t("admin.hooks_used", { time: dayAndTime(used) }) : t("admin.hooks_unused")].join(" · ");
}
