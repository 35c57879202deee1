// The end of a list that comes page by page: more of it, that it is loading, why not, or that there is nothing.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";

/** @param {{ more: (() => void) | null, isBusy: boolean, problem: string | null, isEmpty: boolean, nothing: string }} props */
export function More({ more, isBusy, problem, isEmpty, nothing }) {
  if (problem) return html`<p class="notice danger" role="alert">${problem}</p>`;
  if (isBusy) return html`<p class="admin-more"><span class="spinner" role="status" aria-label=${t("common.loading")}></span></p>`;
  if (more) return html`<p class="admin-more"><button type="button" class="button" onClick=${more}>${t("admin.more")}</button></p>`;
  return isEmpty && html`<p class="empty">${nothing}</p>`;
}
