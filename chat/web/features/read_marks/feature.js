// Who has read a message: a note below one's last message, and a list.

import { ReadMark, Readers } from "./readers.js";
import * as texts from "./texts.js";

/** Rooms with more members than this do not show who has read. */
const MAX_MEMBERS_WITH_READERS = 100;

/** @type {import("../feature").Feature<typeof texts.en>} */
export const readMarks = {
  name: "read_marks",
  texts,
  actions: [
    {
      name: "readers",
      label: "reads.title",
      icon: "eye",
      isInfo: true,
      isAllowed: ({ room: { info } }) => info.kind === "direct" || info.kind === "support" || (info.members ?? 0) <= MAX_MEMBERS_WITH_READERS,
      act: ({ open }) => open("readers"),
    },
  ],
  dialogs: { readers: Readers },
  Footer: ReadMark,
};
