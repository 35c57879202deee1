// What the page knows of the reports that this moderator has to handle, and their icon.

/** A flag. Icon's paths. */
export const FLAG = ["M5.5 21V4", "M5.5 4.5h12l-2.5 4 2.5 4h-12"];

/**
 * @typedef {object} Reports
 * @property {number} changes how often they have changed
 * @property {number} [open] how many are open, up to 100; absent until that was read
 * @property {number} [held] how many messages wait for review beside them (features/review), up to 100
 */

/** @type {Reports} */
export const NOT_READ = { changes: 0 };

/** @type {import("../../model/model").FeatureChanges} */
export const changes = {
  name: "reports",
  ofOwn: { reports: (/** @type {Reports | undefined} */ known = NOT_READ) => ({ ...known, changes: known.changes + 1 }) },
};

/** @param {import("../../model/types").State} state @returns {Reports} */
export function reportsOf({ own }) {
  return /** @type {Reports | undefined} */ (own.reports) ?? NOT_READ;
}

/** Older servers take no reports. @param {import("../../model/types").State} state */
export function isOffered({ server }) {
  return server.features.includes("reports");
}

/** Whether this person handles reports. @param {import("../../model/types").State} state */
export function isModerator(state) {
  const roles = state.me?.roles ?? [];
  return isOffered(state) && (roles.includes("moderator") || roles.includes("admin"));
}
