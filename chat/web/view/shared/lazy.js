// A view whose module is fetched when it is first shown. Where the server has another version of the page by then, the
// page is loaded again.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { isReplaced, reloadOnce } from "../../net/page_version.js";

/** @typedef {((props: Record<string, unknown>) => unknown) & { load: () => Promise<void> }} LazyView */

/**
 * The view; its `load` fetches the module before it is shown, and is rejected where it can't.
 * @param {() => Promise<any>} load
 * @param {string} name what the module calls the view
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
