// What another application shared into this one: a room is chosen, and it becomes the draft there.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { RoomPicker } from "../controls/room_picker.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { navigate } from "../shared/router.js";
import { useTitle } from "../shared/title.js";

/** @param {{ query: URLSearchParams }} props with the fields of the manifest's `share_target` */
export function Share({ query }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  useTitle(t("share.title"));
  const parts = ["title", "text", "url"].map((name) => query.get(name)?.trim() ?? "");
  const shared = [...new Set(parts)].filter(Boolean).join("\n");
  const pick = ({ id = 0 }) =>
    act(async () => {
      const before = (await chat.readDraft(id))?.text ?? "";
      await chat.saveDraft(id, { text: before ? `${before}\n${shared}` : shared, typed: Date.now() });
      navigate(`/room/${id}`, { replace: true });
    });
  return html`<main class="place-body search">
    <header class="place-head">
      <a class="icon-button place-back" href="/" aria-label=${t("shell.back")}>${icon("back")}</a>
      <h1 tabindex="-1">${t("share.title")}</h1>
    </header>
    <div class="search-form">
      <blockquote class="share-text" dir="auto">${shared}</blockquote>
      <${FormError} text=${error} />
      <${RoomPicker} isBusy=${isBusy} onPick=${pick} />
    </div>
  </main>`;
}
