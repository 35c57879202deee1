// For how long the messages of a room are kept: shown to everybody who is in, set by owners and admins.

import { html } from "../../vendor/preact.js";
import { lazy } from "../../view/shared/lazy.js";
import { useSelected } from "../../view/shared/context.js";
import * as texts from "./texts.js";

const RoomRule = lazy(() => import("./room_rule.js"), "RoomRule");

/** @type {import("../feature").Feature<typeof texts.en>} */
export const retention = {
  name: "retention",
  texts,
  RoomSection: Section,
};

/** @param {{ info: import("../../model/types").RoomInfo, rights: import("../../model/rights.js").Rights }} props */
function Section({ info, rights }) {
  const isOffered = useSelected((state) => state.server?.features?.includes("retention"));
  return isOffered && (info.kind === "room" || info.kind === "lobby") && html`<${RoomRule} info=${info} rights=${rights} />`;
}
