// Files attached to a message that is not sent yet. They are uploaded when they are chosen, or once their room exists, and
// stay with their room while the page is open.

import { useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { openBackoff } from "../../net/backoff.js";
import { useChat, useSelected } from "../shared/context.js";
import { fileSize, isLightPicture } from "./file_kinds.js";
import { problemText } from "../shared/problem.js";
import { sessionMap } from "../shared/session_memory.js";
import { runInTurn } from "./upload_queue.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").WireFile} WireFile */

/**
 * @typedef {object} Attachment
 * @property {number} id unique in this page
 * @property {globalThis.File} file
 * @property {string} preview the picture's address, once the server has recognised it as a picture; or empty
 * @property {number} sent bytes
 * @property {"held" | "uploading" | "offline" | "failed" | "ready"} state `held`: its room does not exist yet
 * @property {string} problem why the upload failed
 * @property {boolean} isRetried whether another try may help
 * @property {WireFile} [wire] the uploaded file
 * @property {AbortController} controller
 */

/** Characters of a file's name that are sent: in any script they fit into an address. */
const LONGEST_NAME = 120;

/** Holds files for a room that does not exist yet, for example before a visitor's first message. */
export const NO_ROOM = 0;

/** @type {Map<number, Attachment[]>} */
const rooms = sessionMap();
/** @type {Set<() => void>} */
const listeners = new Set();
let newest = 0;

/** @param {number} room @param {Attachment[]} attachments */
function keep(room, attachments) {
  if (attachments.length) rooms.set(room, attachments);
  else rooms.delete(room);
  showChanges();
}

/** Render again whatever shows attachments, or waits for them. */
export function showChanges() {
  for (const listener of listeners) listener();
}

/** @param {number} room @param {number} id @param {Partial<Attachment>} change */
function update(room, id, change) {
  const before = rooms.get(room) ?? [];
  keep(room, before.map((each) => (each.id === id ? { ...each, ...change } : each)));
}

/**
 * Upload a file. What the network ends is tried again after a delay, and at once with the next connection to the server.
 * @param {Chat} chat
 * @param {number} room
 * @param {Attachment} attachment
 */
async function upload(chat, room, { id, file }, backoff = openBackoff(Math.random)) {
  const controller = new AbortController();
  update(room, id, { state: "uploading", sent: 0, problem: "", controller });
  try {
    const onProgress = (/** @type {number} */ sent) => update(room, id, { sent });
    const wire = await runInTurn(() => chat.upload(room, file, { onProgress, signal: controller.signal }), controller.signal);
    if (controller.signal.aborted) return;
    const preview = isLightPicture(wire) ? URL.createObjectURL(new Blob([file], { type: wire.type })) : "";
    update(room, id, { state: "ready", sent: file.size, wire, preview });
  } catch (error) {
    const { code } = /** @type {import("../../model/types").ChatError} */ (error);
    if (code === "aborted") return;
    if (code === "offline" && !(await isReadable(file))) return update(room, id, { state: "failed", problem: t("files.unreadable") });
    update(room, id, { state: code === "offline" ? "offline" : "failed", problem: problemText(error) });
    if (code === "offline") setTimeout(() => uploadAgain(chat, room, id, backoff), backoff.nextDelay());
  }
}

/**
 * Try uploads again that the network ended: all of a room, or one.
 * @param {Chat} chat
 * @param {number} room
 * @param {number} [id]
 * @param {ReturnType<typeof openBackoff>} [backoff]
 */
function uploadAgain(chat, room, id, backoff) {
  for (const each of rooms.get(room) ?? []) if (each.state === "offline" && (id ?? each.id) === each.id) upload(chat, room, each, backoff);
}

/** Render again when an attachment changes. */
function useChanges() {
  const [, draw] = useState(0);
  useEffect(() => {
    const listener = () => draw((count) => count + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
}

/** Whether anything is attached in any room. Uploads continue in rooms that are not shown. */
export function useUploading() {
  const chat = useChat();
  const isLive = useSelected((state) => state.connection.state === "live");
  useChanges();
  useEffect(() => {
    if (isLive) for (const room of rooms.keys()) if (room !== NO_ROOM) uploadAgain(chat, room);
  }, [chat, isLive]);
  return rooms.size > 0;
}

/** The attachments of a room, or of NO_ROOM, and the actions on them. @param {number} room */
export function useAttachments(room) {
  const chat = useChat();
  const limits = useSelected((state) => state.server.limits);
  const isLive = useSelected((state) => state.connection.state === "live");
  const [note, setNote] = useState("");
  useChanges();
  useEffect(() => {
    if (isLive) uploadAgain(chat, room);
  }, [chat, room, isLive]);

  /** @param {readonly globalThis.File[]} files */
  function add(files) {
    const before = rooms.get(room) ?? [];
    const added = files.slice(0, limits.files - before.length).map((file) => attachment(file, limits.file_bytes));
    setNote(added.length < files.length ? t("files.too_many", { n: limits.files }) : "");
    keep(room, [...before, ...added]);
    if (room !== NO_ROOM) uploadHeld(room);
  }

  /** @param {number} room */
  function uploadHeld(room) {
    for (const each of rooms.get(room) ?? []) if (each.state === "held") upload(chat, room, each);
  }

  /** Move held files to their room, which now exists. @param {number} made */
  function moveToRoom(made) {
    const moved = rooms.get(room) ?? [];
    keep(room, []);
    keep(made, [...(rooms.get(made) ?? []), ...moved]);
    uploadHeld(made);
  }

  /** Hold the files of a lost room for the room that replaces it. @param {number} lost */
  function holdForNewRoom(lost) {
    const held = (rooms.get(lost) ?? []).map(({ wire: _wire, ...each }) => {
      each.controller.abort();
      return { ...each, state: each.isRetried ? /** @type {const} */ ("held") : each.state, problem: each.isRetried ? "" : each.problem };
    });
    keep(lost, []);
    keep(NO_ROOM, [...held, ...(rooms.get(NO_ROOM) ?? [])]);
  }

  /** @param {Attachment} gone */
  function remove(gone) {
    gone.controller.abort();
    releasePreviews([gone]);
    setNote("");
    keep(room, (rooms.get(room) ?? []).filter((each) => each.id !== gone.id));
  }

  return {
    all: rooms.get(room) ?? [],
    isBusy: attachmentStatus(room).isBusy,
    isBad: attachmentStatus(room).isBad,
    note,
    isOn: limits.file_bytes > 0,
    add,
    moveToRoom,
    holdForNewRoom,
    remove,
    retry: (/** @type {Attachment} */ again) => upload(chat, room, again),
    take: () => {
      setNote("");
      return takeAttachments(room);
    },
    putBack: (/** @type {Attachment[]} */ taken) => putBackAttachments(room, taken),
    /** The current status, which may not be rendered yet. */
    now: () => attachmentStatus(room),
  };
}

/** Remove and return a room's attachments, for their message. @param {number} room */
export function takeAttachments(room) {
  const taken = rooms.get(room) ?? [];
  keep(room, []);
  return taken;
}

/** Restore attachments whose message could not be stored. @param {number} room @param {readonly Attachment[]} taken */
export function putBackAttachments(room, taken) {
  if (taken.length) keep(room, [...taken, ...(rooms.get(room) ?? [])]);
}

/** The status of a room's attachments. @param {number} room */
export function attachmentStatus(room) {
  const all = rooms.get(room) ?? [];
  return {
    count: all.length,
    isHeld: all.some(({ state }) => state === "held"),
    isBusy: all.some(({ state }) => state === "uploading" || state === "offline"),
    isBad: all.some(({ state }) => state === "failed"),
    ready: all.flatMap(({ wire }) => (wire ? [wire] : [])),
  };
}

/** Whether a file can be read. For a folder the browser only reports that the upload failed. @param {Blob} file */
function isReadable(file) {
  return file.slice(0, 1).arrayBuffer().then(
    () => true,
    () => false,
  );
}

/** Release the previews of attachments. @param {readonly Attachment[]} attachments */
export function releasePreviews(attachments) {
  for (const { preview } of attachments) if (preview) URL.revokeObjectURL(preview);
}

/** @param {globalThis.File} file @param {number} most bytes @returns {Attachment} */
function attachment(file, most) {
  const isTooBig = file.size > most;
  return {
    id: ++newest,
    file: file.name.length > LONGEST_NAME ? new File([file], file.name.slice(-LONGEST_NAME), { type: file.type }) : file,
    preview: "",
    sent: 0,
    state: isTooBig ? "failed" : "held",
    isRetried: !isTooBig,
    problem: isTooBig ? t("files.too_big", { most: fileSize(most) }) : "",
    controller: new AbortController(),
  };
}
