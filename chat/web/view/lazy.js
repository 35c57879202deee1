// A view whose module is fetched when it is first shown.

import { html, useEffect, useState } from "../vendor/preact.js";
import { t } from "../i18n/index.js";

/**
 * @param {() => Promise<any>} load
 * @param {string} name what the module calls the view
 * @returns {(props: Record<string, unknown>) => unknown}
 */
export function lazy(load, name) {
  /** @type {unknown} */
  let view = null;
  return function Lazy(props) {
    const [isFailed, setFailed] = useState(false);
    const [, setLoaded] = useState(view !== null);
    const fetch = () => {
      setFailed(false);
      load().then(
        (module) => {
          view = module[name];
          setLoaded(true);
        },
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
  };
}
