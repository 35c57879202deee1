// Strings of every screen.

export default {
  "common.cancel": "Cancel",
  "common.close": "Close",
  "common.retry": "Try again",
  "common.loading": "Loading…",
  "common.seconds": { one: "{n} second", other: "{n} seconds" },
  "common.not_found": "Page not found.",
  "common.to_start": "Go to the start page",
  "common.failed": "This part of the page couldn't be loaded.",
  "common.outdated": "A newer version of this page is available.",
  "common.reload": "Reload",
  "common.show_password": "Show password",
  "error.offline": "The server is not responding. Check your connection.",
  "error.unavailable": "The server's database is not responding. Nothing was changed; try again in a moment.",
  "error.too_many": "Too many attempts.",
  "error.again": "Try again {in}.",
};
