// The button that leads to the identity provider.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { keepClick } from "./provider_click.js";

/** @param {{ name: string, invite?: string }} props `invite` is the code of the invitation that the page is about */
export function ByProvider({ name, invite }) {
  const click = () => keepClick({ invite, next: location.pathname + location.hash });
  return html`<a class="button wide" href="/oidc" onClick=${click}>${t("sign_in.provider", { name })}</a>`;
}
