// Runs before the first paint: applies the chosen theme, and fetches the shell's files if somebody was logged in.

(() => {
  const read = (/** @type {string} */ name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage is blocked
    }
  };
  const theme = read("chat.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById("deferred"));
  if (!read("chat-known")) return;
  for (const link of template.content.querySelectorAll("link")) {
    link.onerror = () => {
      link.dataset.failed = ""; // for view/app/deferred_styles.js, which may run later
    };
  }
  document.head.append(template.content); // after the log-in page's styles, which the shell's override
})();
