// A view whose module is fetched when it is first shown. If the server has another version by then, the page reloads.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { isReplaced, reloadOnce } from "../../net/page_version.js";

/** @typedef {((props: Record<string, unknown>) => unknown) & { load: () => Promise<void> }} LazyView */

/**
 * The view. Its `load` fetches the module earlier, and rejects if it cannot.
 * @param {() => Promise<any>} load
 * @param {string} name the view's name in the module
 * @returns {LazyView}
 */
export function lazy(load, name) {
  /** @type {unknown} */
  let view = null;
  Lazy.load = async () => {
    view = (await load())[name];
  };
  return Lazy;

  /** @param {Record<string, unknown>} props */
  function Lazy(props) {
    const [trouble, setTrouble] = useState(/** @type {"failed" | "replaced" | null} */ (null));
    const [, setLoaded] = useState(view !== null);
    const fetch = async () => {
      setTrouble(null);
      try {
        await Lazy.load();
        setLoaded(true);
      } catch {
        if (!(await isReplaced())) setTrouble("failed");
        else if (!reloadOnce()) setTrouble("replaced");
      }
    };
    useEffect(() => {
      if (!view) fetch();
    }, []);
    if (view) return html`<${view} ...${props} />`;
    if (!trouble) return html`<div class="empty" aria-busy="true"><span class="spinner"></span></div>`;
    const isOld = trouble === "replaced";
    return html`<div class="empty" role="alert">
      <p>${t(isOld ? "common.outdated" : "common.failed")}</p>
      <button type="button" class="button" onClick=${isOld ? () => location.reload() : fetch}>${t(isOld ? "common.reload" : "common.retry")}</button>
    </div>`;
  }
}

/** Load the features, which the log-in page does without. */
export const loadFeatures = async () => (await import("../../features/registry.js")).FEATURES;
