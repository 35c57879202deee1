// Loads the modules and styles that only the shell needs. The page's head lists them in a template.

/** Fetch all of them at once, instead of following the imports one by one. */
export function fetchDeferred() {
  const template = /** @type {HTMLTemplateElement | null} */ (document.getElementById("deferred"));
  if (template) document.head.append(template.content);
}

/** Resolves when all styles are applied. Rejects if one cannot be fetched; the next call tries again. */
export async function loadStyles() {
  const links = /** @type {NodeListOf<HTMLLinkElement>} */ (document.head.querySelectorAll("link.deferred"));
  await Promise.all([...links].map(loaded));
}

/** @param {HTMLLinkElement} link */
async function loaded(link) {
  const hasFailed = "failed" in link.dataset;
  if (link.sheet && !hasFailed) return; // in Chromium a style that failed to load has a sheet, too
  const requested = hasFailed ? replacement(link) : link;
  await new Promise((resolve, reject) => {
    requested.addEventListener("load", resolve);
    requested.addEventListener("error", () => {
      requested.dataset.failed = "";
      reject(new TypeError(`${requested.href} cannot be fetched`));
    });
  });
}

/** @param {HTMLLinkElement} link */
function replacement(link) {
  const fresh = /** @type {HTMLLinkElement} */ (link.cloneNode());
  delete fresh.dataset.failed;
  link.replaceWith(fresh);
  return fresh;
}
