// Hooks: tools that post in rooms. Their messages are drawn by view/message/hook_message.js; who leads a room manages its hooks here.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../../view/shared/context.js";
import { lazy } from "../../view/shared/lazy.js";
import * as texts from "./texts.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {import("../../model/types").State} State */

const RoomHooks = lazy(() => import("../../view/admin/hooks.js"), "RoomHooks");

/** @type {import("../feature").Feature<typeof texts.en>} */
export const hooks = { name: "hooks", texts, RoomSection: Section };

/** @param {{ info: RoomInfo }} props */
function Section({ info }) {
  const isOffered = useSelected((state) => mayManage(state, info));
  const [isOpen, setOpen] = useState(false);
  return isOffered && html`<section class="room-rule">
    <h3>${t("hooks.title")}</h3>
    <p class="soft small">${t("hooks.hint")}</p>
    <div class="actions"><button type="button" class="button small" onClick=${() => setOpen(true)}>${t("hooks.manage")}</button></div>
    ${isOpen && html`<${RoomHooks} room=${info.id} onClose=${() => setOpen(false)} />`}
  </section>`;
}

/** Who leads the room, and admins, also in the lobby. @param {State} state @param {RoomInfo} info */
function mayManage({ me, server }, { kind, role, others }) {
  const isOfPeople = (kind === "room" && !others) || kind === "lobby";
  const leads = kind === "room" && (role === "owner" || role === "moderator");
  return isOfPeople && server.features.includes("hooks") && (leads || (me?.roles?.includes("admin") ?? false));
}
