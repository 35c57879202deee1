// Two buttons and a line with which a person rates their own conversation, once it is closed; also in the support widget.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { useAction } from "../../view/shared/action.js";

/** @typedef {import("../../protocol").OwnRating} OwnRating */

const PATH = "/support/rating";

/** @param {{ call: (method: string, path: string, body?: object) => Promise<unknown> }} props */
export function Rate({ call }) {
  const [own, setOwn] = useState(/** @type {OwnRating | null} */ (null));
  const [comment, setComment] = useState("");
  const { act, isBusy, error } = useAction();
  useEffect(() => {
    const load = async () => {
      const found = /** @type {OwnRating} */ (await call("GET", PATH));
      setOwn(found);
      setComment(found.comment ?? "");
    };
    load().catch(() => {}); // offline, or an older server: nothing is asked
  }, []);
  const form = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => form.current?.scrollIntoView({ block: "nearest" }), [own?.asked, own?.rating]);
  if (!own?.asked) return null;
  const rate = (/** @type {OwnRating["rating"]} */ rating) =>
    act(async () => setOwn(/** @type {OwnRating} */ (await call("PUT", PATH, { rating, comment }))));
  const button = (/** @type {"good" | "bad"} */ rating) => html`<button type="button" class=${`button small ${own.rating === rating ? "primary" : ""}`}
    aria-pressed=${own.rating === rating} disabled=${isBusy} onClick=${() => rate(rating)}>${rating === "good" ? "👍" : "👎"} ${t(`widget.rate_${rating}`)}</button>`;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void rate(own.rating);
  };
  return html`<form ref=${form} class="rate" onSubmit=${submit}>
    <p>${t("widget.rate")}</p>
    <div class="actions">${button("good")} ${button("bad")}</div>
    ${
      own.rating &&
      html`<${Field} label=${t("widget.rate_comment")} value=${comment} onInput=${setComment} maxlength="1000" rows=${2} />
        ${comment.trim() === (own.comment ?? "") ? html`<p class="soft small" role="status">${t("widget.rate_thanks")}</p>` : html`<${Submit} label=${t("widget.rate_send")} isBusy=${isBusy} class="small" />`}`
    }
    <${FormError} text=${error} />
  </form>`;
}
