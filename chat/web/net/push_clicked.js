// The page that a clicked notification leads to where the browser shows pushes without the service worker: it reports the click.

/** Report the click, once: the address names its push behind `#push=`. */
export async function reportClick() {
  const code = location.hash.slice("#push=".length);
  history.replaceState(null, "", location.pathname + location.search);
  const body = JSON.stringify({ code, event: "clicked" });
  await fetch("/api/v1/push/report", { method: "POST", headers: { "Content-Type": "application/json" }, credentials: "omit", body }).catch(() => undefined);
}
