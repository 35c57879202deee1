// Drafts follow one to other devices: the composers keep and take them (view/shared/draft_sync.js).

import { afterDraft } from "../../model/drafts.js";

/** @type {import("../feature").Feature} */
export const drafts = { name: "drafts", ofOwn: { draft: afterDraft } };
