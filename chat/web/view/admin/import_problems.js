// Why an import failed: the server's key and values, and their strings.

import { language, t } from "../../i18n/index.js";
import { fileSize } from "../files/file_kinds.js";

/** @typedef {import("../../protocol").ImportCause} ImportCause */

const KEYS = /** @type {const} */ ({
  no_zip: "transfer.problem_no_zip",
  damaged: "transfer.problem_damaged",
  unsafe: "transfer.problem_unsafe",
  too_large: "transfer.problem_too_large",
  no_archive: "transfer.problem_no_archive",
  no_export: "transfer.problem_no_export",
  newer: "transfer.problem_newer",
  missing: "transfer.problem_missing",
  bad_line: "transfer.problem_bad_line",
  long_line: "transfer.problem_long_line",
  bad_file: "transfer.problem_bad_file",
  inconsistent: "transfer.problem_inconsistent",
  here_already: "transfer.problem_here_already",
  unfinished: "transfer.problem_unfinished",
  another_began: "transfer.problem_another_began",
  server_changed: "transfer.problem_server_changed",
});

/** The text in the reader's language, where this page knows the key; else the English one. @param {string} problem @param {ImportCause | undefined} cause */
export function importProblem(problem, cause) {
  if (!cause || !Object.hasOwn(KEYS, cause.key)) return problem;
  const values = cause.values.map(({ name, value }) => [name, shown(name, value)]);
  return t(KEYS[/** @type {keyof typeof KEYS} */ (cause.key)], Object.fromEntries(values));
}

/** @param {string} name @param {string} value */
function shown(name, value) {
  if (name === "most") return fileSize(Number(value));
  return name === "line" ? new Intl.NumberFormat(language()).format(Number(value)) : value;
}
