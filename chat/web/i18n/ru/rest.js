// What the log-in page does without.

export { ru as default } from "./all.js";
