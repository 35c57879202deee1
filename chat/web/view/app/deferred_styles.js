// What the door does without: the modules and the styles of the shell, which the page's head names.

/** Fetch all of it at once, instead of one after the other has said what it imports. */
export function fetchDeferred() {
  const later = /** @type {HTMLTemplateElement | null} */ (document.getElementById("later"));
  if (later) document.head.append(later.content);
}

/** Resolves when the styles count. Rejected where one can't be fetched; the next call tries again. */
export async function loadStyles() {
  const links = /** @type {NodeListOf<HTMLLinkElement>} */ (document.head.querySelectorAll("link.later"));
  await Promise.all([...links].map(loaded));
}

/** @param {HTMLLinkElement} link */
async function loaded(link) {
  const hasFailed = "failed" in link.dataset;
  if (link.sheet && !hasFailed) return; // Chromium gives one that has failed a sheet too
  const asked = hasFailed ? again(link) : link;
  await new Promise((resolve, reject) => {
    asked.addEventListener("load", resolve);
    asked.addEventListener("error", () => {
      asked.dataset.failed = "";
      reject(new TypeError(`${asked.href} cannot be fetched`));
    });
  });
}

/** @param {HTMLLinkElement} link */
function again(link) {
  const fresh = /** @type {HTMLLinkElement} */ (link.cloneNode());
  delete fresh.dataset.failed;
  link.replaceWith(fresh);
  return fresh;
}
