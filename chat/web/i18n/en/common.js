// What every screen says.

export default {
  "common.cancel": "Cancel",
  "common.close": "Close",
  "common.retry": "Try again",
  "common.loading": "Loading…",
  "common.seconds": { one: "{n} second", other: "{n} seconds" },
  "common.not_found": "There is nothing at this address.",
  "common.to_start": "To the start",
  "common.failed": "This part of the page could not be loaded.",
  "common.outdated": "There is a newer version of this page.",
  "common.reload": "Reload",
  "common.show_password": "Show the password",
  "error.offline": "The server does not answer. Check your connection.",
  "error.unavailable": "The server's database does not answer just now. Nothing was changed; try again in a moment.",
  "error.too_many": { one: "Too often. Try again in {n} second.", other: "Too often. Try again in {n} seconds." },
};
