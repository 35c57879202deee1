// What the only member of a room can do, shown at its start: invite or add people, and set a topic.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { rightsIn } from "../../model/rights.js";
import { useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { lazy } from "../shared/lazy.js";

const AddMember = lazy(() => import("../room/room_panel.js"), "AddMember");
const EditRoom = lazy(() => import("../room/edit_room.js"), "EditRoom");
const Invite = lazy(() => import("../../features/invites/invite_dialog.js"), "Invite");

/** @param {{ info: import("../../model/types").RoomInfo }} props */
export function EmptyRoom({ info }) {
  const me = useSelected((state) => state.me);
  const [opened, open] = useState(/** @type {"invite" | "add" | "edit" | null} */ (null));
  const rights = rightsIn(info, me);
  if (opened === null && (info.members !== 1 || !rights.canInvite)) return null;
  const close = () => open(null);
  return html`<div class="timeline-empty-room">
    <button type="button" class="button small primary" onClick=${() => open("invite")}>${icon("link", { size: 16 })} ${t("room.invite")}</button>
    ${rights.canAddMembers && html`<button type="button" class="button small" onClick=${() => open("add")}>${icon("add", { size: 16 })} ${t("room.add")}</button>`}
    ${rights.canModerate && !info.topic && html`<button type="button" class="button small quiet" onClick=${() => open("edit")}>${t("room.add_topic")}</button>`}
    ${opened === "invite" && html`<${Invite} info=${info} onClose=${close} />`}
    ${opened === "add" && html`<${AddMember} info=${info} onClose=${close} />`}
    ${opened === "edit" && html`<${EditRoom} info=${info} rights=${rights} onClose=${close} />`}
  </div>`;
}
