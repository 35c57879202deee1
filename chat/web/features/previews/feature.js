// Link previews: a card below a message with a link, and above the composer while the link is typed. The server fetches the
// page, once; the pages of readers fetch nothing.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { rangeOf } from "../../model/ranges.js";
import { icon } from "../../view/controls/icon.js";
import { pictureAddress, useNearlyVisible } from "../../view/files/files.js";
import { announce } from "../../view/shared/announce.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { rangeReader } from "../../view/shared/range_reading.js";
import { afterReading, changes, previewOf } from "./changes.js";
import { attachPreview, fetchPreview, isLeftOut, isOffered, leaveOut, linkOf } from "./fetching.js";
import { firstLink } from "./links.js";
import * as texts from "./texts.js";

/** @typedef {import("../../model/types").Room} Room */
/** @typedef {import("../../model/types").State} State */
/** @typedef {import("../../protocol").Preview} Preview */
/** @typedef {import("./changes.js").Previews} Previews */

/** Milliseconds without another letter after which a link counts as typed. */
const TYPED = 500;

/** Read the preview of a message. */
const want = rangeReader("previews", afterReading);

/** @type {import("../feature").Feature<typeof texts.en>} */
export const previews = {
  ...changes,
  texts,
  actions: [
    {
      name: "removePreview",
      label: "previews.remove",
      icon: "close",
      isAllowed: ({ room, message, rights, isOwn }) =>
        rights.canSpeak && (isOwn || rights.canModerate) && Boolean(previewOf(previewsOf(room), message.seq)),
      act: async ({ chat, message: { room, seq } }) => {
        await chat.call("DELETE", `/rooms/${room}/previews/${seq}`);
        announce(t("previews.removed"));
      },
    },
  ],
  Footer: OfMessage,
  ComposerTray: Typed,
  onSent: attachPreview,
};

/** @param {Room | undefined} room @returns {Previews | undefined} */
function previewsOf(room) {
  return /** @type {Previews | undefined} */ (room?.features.previews);
}

/** @param {State} state @param {number} room @param {number} seq @returns {Preview | null | undefined} undefined: it is not known yet */
function previewIn({ rooms, server, connection }, room, seq) {
  const previews = previewsOf(rooms.get(room));
  const isKnown = previews?.changed.has(seq) || rangeOf(previews?.ranges ?? [], seq) !== undefined;
  const isReadable = connection.state === "live" && server.features.includes("previews");
  return !isKnown && isReadable ? undefined : (previewOf(previews, seq) ?? null);
}

/** Below a message with a link. @param {import("../feature").MessagePartProps} props */
function OfMessage({ message: { room, seq, text = "" }, tab }) {
  const chat = useChat();
  const hasLink = firstLink(text) !== "";
  const preview = useSelected((state) => (hasLink ? previewIn(state, room, seq) : null));
  useEffect(() => {
    if (preview === undefined) want(chat, room, seq);
  }, [chat, room, seq, preview === undefined]);
  return preview && text.includes(preview.url) ? html`<${Card} preview=${preview} tab=${tab} />` : null;
}

/** Above the composer, once a link is typed. @param {{ room: number, text: string }} props */
function Typed({ room, text }) {
  const chat = useChat();
  const [shown, show] = useState(/** @type {Preview | null} */ (null));
  const url = isOffered(chat) ? linkOf(text) : "";
  useEffect(() => {
    show(null);
    if (!url || isLeftOut(room, url)) return undefined;
    let isHere = true;
    const timer = setTimeout(async () => {
      const found = await fetchPreview(chat, room, url);
      if (isHere && found) show(found.preview);
    }, TYPED);
    return () => {
      isHere = false;
      clearTimeout(timer);
    };
  }, [chat, room, url]);
  if (!shown || shown.url !== url) return null;
  const remove = () => {
    leaveOut(room, url);
    show(null);
    announce(t("previews.removed"));
  };
  return html`<div class="preview-tray">
    <${Card} preview=${shown} tab=${0} />
    <button type="button" class="icon-button" title=${t("previews.remove")} onClick=${remove}>${icon("close", { size: 16 })}</button>
  </div>`;
}

/** @param {{ preview: Preview, tab: 0 | -1 }} props */
function Card({ preview: { url, host, title, description, site, picture }, tab }) {
  return html`<aside class="preview" aria-label=${t("previews.label", { title })}>
    <div class="preview-text">
      <span class="preview-site">${site && site !== host && html`<bdi>${site}</bdi> `}<span class="preview-host">${host}</span></span>
      <a class="preview-title" href=${url} target="_blank" rel="noopener noreferrer" dir="auto" tabindex=${tab}>${title}</a>
      ${description && html`<p class="preview-description" dir="auto">${description}</p>`}
    </div>
    ${picture && html`<${Picture} file=${picture} />`}
  </aside>`;
}

/** The page's picture, from this server. @param {{ file: import("../../model/types").WireFile }} props */
function Picture({ file }) {
  const chat = useChat();
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const [address, setAddress] = useState("");
  useNearlyVisible(place, () => pictureAddress(chat, file).then(setAddress, () => undefined));
  return html`<span ref=${place} class="preview-picture">${address && html`<img src=${address} alt="" />`}</span>`;
}
