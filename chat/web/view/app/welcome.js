// The place in the middle while no room is open.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { useTitle } from "../shared/title.js";

export function Welcome() {
  const isLoaded = useSelected((state) => state.isLoaded);
  useTitle("");
  return html`<main class="place-body">
    <div class="empty" aria-busy=${!isLoaded}>
      ${isLoaded ? icon("message", { size: 32 }) : html`<span class="spinner"></span>`}
      <h1>${t(isLoaded ? "shell.choose" : "common.loading")}</h1>
    </div>
  </main>`;
}
