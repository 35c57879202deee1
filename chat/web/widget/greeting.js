// The greeting of a site's page, shown beside the button before the panel is opened.

import { html, render } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { icon } from "../view/controls/icon.js";

/** Its height in pixels with one line of text. */
const LOWEST = 54;

/**
 * Greet the visitor, if an operator is online.
 * @param {import("./host.js").Host} host
 * @param {import("./visitor.js").Visitor} visitor
 * @param {Set<import("./host.js").OnShow>} shown
 */
export async function greet(host, visitor, shown) {
  let isOver = false;
  const place = document.createElement("div");
  place.className = "page-greeting";
  shown.add((isOpen) => {
    isOver ||= isOpen;
    if (isOver) place.remove();
  });
  const { isStaffed } = await visitor.desk().catch(() => ({ isStaffed: false }));
  if (!isStaffed || isOver) return;
  render(
    html`<p role="status"><button type="button" dir="auto" onClick=${host.open}>${host.greeting}</button></p>
      <button type="button" class="icon-button" aria-label=${t("widget.close")} onClick=${host.close}>${icon("close")}</button>`,
    place,
  );
  document.body.prepend(place);
  host.greet(LOWEST);
  new ResizeObserver(() => place.offsetHeight && host.greet(place.offsetHeight)).observe(place); // a hidden frame has no sizes
}
