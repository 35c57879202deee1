// Runs before the first paint: the colours that were chosen, instead of the system's.

(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("chat.theme");
  } catch {
    // A browser that keeps nothing.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
