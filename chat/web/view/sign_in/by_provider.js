// The button that leads to the identity provider.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";

/** @param {{ name: string, invite?: string }} props `invite` is the code of the invitation that the page is about */
export function ByProvider({ name, invite }) {
  const asked = new URLSearchParams({ ...(invite && { invite }), next: location.pathname });
  return html`<a class="button wide" href=${`/oidc?${asked}`}>${t("sign_in.provider", { name })}</a>`;
}
