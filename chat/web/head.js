// Runs before the first paint: sets the colours that were chosen, and fetches what is behind the door for whoever was
// logged in.

(() => {
  const read = (/** @type {string} */ name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // a browser that keeps nothing
    }
  };
  const theme = read("chat.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const later = /** @type {HTMLTemplateElement} */ (document.getElementById("later"));
  if (!read("chat-known")) return;
  for (const link of later.content.querySelectorAll("link")) {
    link.onerror = () => {
      link.dataset.failed = ""; // for view/app/deferred_styles.js, which may come after this
    };
  }
  document.head.append(later.content); // behind the styles of the door, which those of the shell change
})();
