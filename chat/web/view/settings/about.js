// About this chat: the server, who can read messages, and what it does not offer.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";

const POINTS = /** @type {const} */ ({
  read: "eye",
  nothing: "shield",
  calls: "info",
  threads: "reply",
  previews: "link",
  apps: "people",
});

export function About() {
  const server = useSelected((state) => state.server);
  const points = /** @type {(keyof typeof POINTS)[]} */ (Object.keys(POINTS)).filter((name) => name !== "calls" || !server.calls);
  return html`
    <dl class="about-server">
      <div><dt>${t("about.server")}</dt><dd dir="auto">${server?.name}</dd></div>
      <div><dt>${t("about.version")}</dt><dd>${server?.version}</dd></div>
    </dl>
    <ul class="list about-points">
      ${points.map((name) => html`<li key=${name}>${icon(POINTS[name])} <div><h3>${t(`about.${name}`)}</h3><p class="soft">${t(`about.${name}_text`)}</p></div></li>`)}
    </ul>
    <p><a href="/api/v1/docs" target="_blank" rel="noopener">${t("tokens.docs")}</a></p>
  `;
}
