// Slow mode: one message of each person in so many seconds. Who moderates the room sets it.

import { html } from "../../vendor/preact.js";
import { useSelected } from "../../view/shared/context.js";
import { lazy } from "../../view/shared/lazy.js";
import { changes } from "./changes.js";
import * as texts from "./texts.js";

const Choice = lazy(() => import("./choice.js"), "Choice");
const Note = lazy(() => import("./note.js"), "Note");

/** @type {import("../feature").Feature<typeof texts.en>} */
export const slowMode = { ...changes, texts, ComposerTray: Tray, RoomSection: Section };

/** @param {{ room: number }} props */
function Tray({ room }) {
  const seconds = useSelected((state) => state.rooms.get(room)?.info.slow_mode);
  return seconds && html`<${Note} room=${room} seconds=${seconds} />`;
}

/** @param {{ info: import("../../model/types").RoomInfo, rights: import("../../model/rights.js").Rights }} props */
function Section({ info, rights }) {
  return (info.slow_mode || rights.canModerate) && html`<${Choice} info=${info} rights=${rights} />`;
}
