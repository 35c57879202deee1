// A view that is rendered again only when one of its properties changes.

import { h } from "../../vendor/preact.js";

/**
 * @template {Record<string, any>} Props
 * @param {(props: Props) => unknown} view
 * @returns {(props: Props) => unknown}
 */
export function memo(view) {
  /** @this {any} @param {Props} props */
  function Memoised(props) {
    this.shouldComponentUpdate = (/** @type {Props} */ next) => !isSame(this.props, next);
    return h(/** @type {any} */ (view), props);
  }
  return Memoised;
}

/** @param {Record<string, unknown>} one @param {Record<string, unknown>} other */
function isSame(one, other) {
  for (const name in one) if (!(name in other)) return false;
  for (const name in other) if (!Object.is(one[name], other[name])) return false;
  return true;
}
