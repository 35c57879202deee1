// A view whose module is fetched when it is first shown.

import { html, useEffect, useState } from "../vendor/preact.js";
import { t } from "../i18n/index.js";

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
    const [isFailed, setFailed] = useState(false);
    const [, setLoaded] = useState(view !== null);
    const fetch = () => {
      setFailed(false);
      Lazy.load().then(
        () => setLoaded(true),
        () => setFailed(true),
      );
    };
    useEffect(() => {
      if (!view) fetch();
    }, []);
    if (view) return html`<${view} ...${props} />`;
    if (!isFailed) return html`<div class="empty" aria-busy="true"><span class="spinner"></span></div>`;
    return html`<div class="empty" role="alert">
      <p>${t("common.failed")}</p>
      <button type="button" class="button" onClick=${fetch}>${t("common.retry")}</button>
    </div>`;
  }
}
