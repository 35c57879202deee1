// What the door does without: the modules and the styles of the shell, which the page's head names.

/** @type {Map<string, Promise<void>>} */
const styles = new Map();

/** Fetch all of it at once, instead of one after the other has said what it imports. */
export function fetchLater() {
  const later = /** @type {HTMLTemplateElement | null} */ (document.getElementById("later"));
  if (later) document.head.append(later.content);
}

/** Put the styles to use. Resolves when they are; rejected where one can't be fetched, and the next call tries again. */
export async function loadStyles() {
  const links = /** @type {NodeListOf<HTMLLinkElement>} */ (document.head.querySelectorAll("link[as=style]"));
  await Promise.all([...links].map(({ href }) => loadStyle(href)));
}

/** @param {string} href */
function loadStyle(href) {
  const loading = styles.get(href) ?? appendStyle(href);
  styles.set(href, loading);
  loading.catch(() => styles.delete(href));
  return loading;
}

/** @param {string} href @returns {Promise<void>} */
function appendStyle(href) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  document.head.append(link);
  return new Promise((resolve, reject) => {
    link.onload = () => resolve();
    link.onerror = () => {
      link.remove();
      reject(new TypeError(`${href} cannot be fetched`));
    };
  });
}
