// Calls: a button in the head of a room and `/call` send a message with a link, which is drawn as a card.

import { html } from "../../vendor/preact.js";
import { rightsIn } from "../../model/rights.js";
import { t } from "../../i18n/index.js";
import { confirm } from "../../view/controls/dialog.js";
import { icon } from "../../view/controls/icon.js";
import { announce } from "../../view/shared/announce.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { roomName } from "../../view/shared/names.js";
import { problemText } from "../../view/shared/problem.js";
import { addressOf } from "./address.js";
import * as texts from "./texts.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

const CAMERA = ["M4 7h10v10H4z", "M14 10.8l6-3.3v9l-6-3.3"];

/** @type {import("../feature").Feature<typeof texts.en>} */
export const calls = {
  name: "calls",
  texts,
  Body: { isFor: ({ text }) => addressOf(text) !== null, View: Call },
  RoomTool: BeginCall,
  commands: [{ name: "call", hint: "calls.begin", icon: CAMERA, isOffered, run: ({ chat, room }) => begin(chat, room).then(() => true) }],
};

/** @param {import("../../model/types").State} state @param {RoomInfo} info */
function isOffered({ server, me }, info) {
  return server.calls === true && rightsIn(info, me).canSpeak && !me?.roles?.includes("guest");
}

/** @param {import("../../model/types").Chat} chat @param {number} room */
async function begin(chat, room) {
  await chat.call("POST", `/rooms/${room}/calls`, { key: crypto.randomUUID() });
}

/** @param {{ info: RoomInfo }} props */
function BeginCall({ info }) {
  const chat = useChat();
  const isShown = useSelected((state) => isOffered(state, info));
  if (!isShown) return null;
  const act = async () => {
    const isSure = await confirm({ title: t("calls.title", { room: roomName(info) }), text: t("calls.text"), action: t("calls.begin") });
    if (isSure) await begin(chat, info.id).catch((error) => announce(problemText(error)));
  };
  return html`<button type="button" class="icon-button" title=${t("calls.begin")} onClick=${act}>${icon(CAMERA)}</button>`;
}

/** @param {import("../feature").MessagePartProps} props */
function Call({ message, tab }) {
  const { href = "", host = "" } = addressOf(message.text) ?? {};
  return html`<div class="call-card">
    <span class="call-icon">${icon(CAMERA)}</span>
    <p><strong>${t("calls.call")}</strong> <bdi class="soft small" dir="ltr">${host}</bdi></p>
    <a class="button primary" href=${href} target="_blank" rel="noopener noreferrer nofollow" tabindex=${tab}>${t("calls.join")}</a>
  </div>`;
}
