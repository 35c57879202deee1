// An act of the audit log as a sentence.

import { useSelected } from "../shared/context.js";
import { language, t, tn } from "../../i18n/index.js";
import { durationText } from "../shared/durations.js";
import { roomName } from "../shared/names.js";

/** @typedef {import("../../protocol").Act} Act */
/** @typedef {import("../../i18n/index.js").Key} Key */

const KNOWN = new Set([
  "person_added", "person_deleted", "person_anonymised", "person_erased", "erasure_ended", "renamed", "roles_changed", "roles_by_provider", "picture_removed", "password_set", "disabled", "enabled",
  "sessions_ended", "setting_changed", "message_deleted", "room_deleted", "room_renamed", "room_archived", "room_unarchived",
  "banned", "unbanned", "invite_made", "invite_used", "invite_withdrawn", "login_failed", "reset_made", "password_reset",
  "second_factor_set_up", "second_factor_removed", "passkey_added", "passkey_removed", "identity_linked", "identity_unlinked",
  "export_asked", "export_link_made",
  "hold_placed", "hold_lifted", "room_keep_changed", "expired_removed", "conversation_closed", "report_handled", "slow_mode_set", "address_banned", "address_unbanned",
  "starting_room_added", "starting_room_removed", "visitor_secret_made", "visitor_secret_removed", "review_words", "held_allowed", "held_removed",
  "hook_made", "hook_changed", "hook_token_renewed", "hook_removed",
  "outgoing_hook_made", "outgoing_hook_changed", "outgoing_hook_removed", "bot_made", "bot_changed", "bot_token_made", "bot_removed",
  "archive_begun", "archive_made", "archive_link_made", "archive_stopped", "archive_removed", "import_begun", "imported", "import_stopped", "import_removed",
]);

/** @type {Record<string, Key>} */
const SETTINGS = {
  server_name: "admin.server_name",
  server_picture: "admin.server_picture",
  server_colour: "admin.server_colour",
  public_url: "address.label",
  registration: "admin.registration",
  lobby: "admin.lobby",
  registrations_per_hour: "admin.registrations_per_hour",
  newcomer_hours: "admin.newcomer_hours",
  appeal_address: "admin.appeal_address",
  inviting: "admin.inviting",
  inviting_days: "admin.inviting_days",
  open_invites: "admin.open_invites",
  message_rate: "admin.message_rate",
  message_bytes: "admin.message_bytes",
  read_rate: "admin.read_rate",
  call_rate: "admin.call_rate",
  widget_origins: "admin.widget_origins",
  widget_greeting: "admin.widget_greeting",
  message_days: "admin.message_days",
  rooms_keep: "retention.rooms_keep",
  outbound_hosts: "admin.outbound_hosts",
  push_texts: "admin.push_texts",
  link_previews: "admin.link_previews",
  call_url: "admin.call_url",
  custom_emoji: "custom_emoji.title",
  emoji_makers: "custom_emoji.makers",
  second_factor: "admin.second_factor",
  login: "admin.login",
  login_links: "admin.login_links",
  support_close_days: "admin.support_close_days",
  support_remove_days: "admin.support_remove_days",
  edit_days: "admin.edit_days",
  change_days: "admin.change_days",
  key_days: "admin.key_days",
  deleted_days: "admin.deleted_days",
  support_hours: "admin.support_hours",
  support_time_zone: "admin.support_time_zone",
  support_holidays: "admin.support_holidays",
  when_away: "admin.when_away",
  away_without_operators: "admin.away_without_operators",
};

/** @param {{ act: Act }} props */
export function Sentence({ act }) {
  const room = useSelected((state) => (act.room ? state.rooms.get(act.room)?.info : undefined));
  const fields = {
    by: act.by?.name ?? t("admin.a_command"),
    person: act.person?.name ?? t(act.what.startsWith("invite_") ? "admin.a_command" : "admin.somebody"),
    room: room ? roomName(room) : t("admin.room_number", { id: act.room ?? 0 }),
    detail: (act.detail ?? "").replace(" -> ", " → "),
  };
  if (!KNOWN.has(act.what)) return `${fields.by}: ${act.what} ${act.person?.name ?? ""} ${fields.detail}`;
  if (act.what === "setting_changed") return settingChanged(fields);
  if (act.what === "person_added" && act.by?.id === act.person?.id && act.by) return t("audit.set_up", fields);
  if (act.what === "roles_changed" || act.what === "roles_by_provider") return t(`audit.${act.what}`, { ...fields, detail: fields.detail.replace(/[a-z]+/g, roleName) });
  if (act.what === "message_deleted") return t("audit.message_deleted", { ...fields, detail: fields.detail.replace(/^seq /, "") });
  if (act.what === "report_handled") return reportHandled(fields);
  if (act.what === "slow_mode_set") return slowModeSet(fields);
  if (act.what === "hold_placed" || act.what === "hold_lifted") return held(act, fields);
  if (act.what.startsWith("archive_") || act.what === "imported") return moved(act, fields);
  if (act.what === "conversation_closed") return t("audit.conversation_closed", { ...fields, days: tn("invite.days_n", parseInt(fields.detail, 10)) });
  if (act.what === "invite_made") return t(act.room ? "audit.invite_made_room" : "audit.invite_made", { ...fields, detail: invited(fields.detail) });
  if (act.what === "invite_used" && act.room) return t("audit.invite_used_room", fields);
  if (act.what === "invite_withdrawn" && act.by?.id === act.person?.id) return t("audit.invite_withdrawn_own", fields);
  return t(/** @type {any} */ (`audit.${act.what}`), fields);
}

/** Translate "seq 7: deleted, banned". @param {{ by: string, person: string, room: string, detail: string }} fields */
function reportHandled(fields) {
  const [, seq = "", done = ""] = /^seq (\d+): ([a-z, ]+)$/.exec(fields.detail) ?? [];
  const detail = done.replace(/[a-z]+/g, (deed) => t(/** @type {any} */ (`audit.report_${deed}`)));
  return t("audit.report_handled", { ...fields, seq, detail });
}

/** Translate "30 s" and "off". @param {{ by: string, room: string, detail: string }} fields */
function slowModeSet(fields) {
  const seconds = parseInt(fields.detail, 10);
  if (!seconds) return t("audit.slow_mode_off", fields);
  return t("audit.slow_mode_set", { ...fields, detail: durationText(seconds) });
}

/** @param {Act} act @param {{ by: string, person: string, room: string, detail: string }} fields */
function held({ what, person, room }, fields) {
  const [, kind = "", reason = ""] = /^(\w+)(?:: (.*))?$/s.exec(fields.detail) ?? [];
  const target = person ? fields.person : room ? fields.room : t("retention.kind_server");
  return t(/** @type {any} */ (`audit.${what}`), { by: fields.by, target, detail: reason || kind });
}

/** Translate "slack T1: 12 people, 4 rooms, 1840 messages, 31 files". @param {Act} act @param {{ by: string, person: string, room: string, detail: string }} fields */
function moved({ what, person, room }, fields) {
  const [, source = "", people = 0, rooms = 0, messages = 0, files = 0] =
    /^(?:(.*): )?(\d+) people, (\d+) rooms, (\d+) messages, (\d+) files$/s.exec(fields.detail) ?? [];
  const target = person ? fields.person : room ? fields.room : t("retention.kind_server");
  const number = new Intl.NumberFormat(language());
  const counts = { people: number.format(+people), rooms: number.format(+rooms), messages: number.format(+messages), files: number.format(+files) };
  return t(/** @type {any} */ (`audit.${what}`), { by: fields.by, source, target, ...counts });
}

/** @param {{ by: string, detail: string }} fields */
function settingChanged({ by, detail }) {
  const [, name = "", value = ""] = /^(\w+): ?(.*)$/s.exec(detail) ?? [];
  const setting = SETTINGS[name] ? t(SETTINGS[name]) : name;
  if (value === "taken back") return t("audit.setting_reset", { by, setting });
  return t("audit.setting_changed", { by, setting, value: settingValue(name, value) });
}

/** @param {string} name @param {string} value @returns {string} */
function settingValue(name, value) {
  if (name === "registration" || name === "lobby") return t(/** @type {Key} */ (`admin.${name}_${value}`));
  if (["push_texts", "link_previews", "second_factor", "login", "login_links", "when_away", "away_without_operators"].includes(name)) return t(/** @type {Key} */ (`admin.${name}_${value}`));
  if (name === "emoji_makers") return t(/** @type {Key} */ (`custom_emoji.makers_${value}`));
  if (name === "rooms_keep") return t(/** @type {Key} */ (`retention.rooms_keep_${value}`));
  if (name === "server_picture" && value) return "…";
  if (name === "inviting") return t(/** @type {Key} */ (`admin.inviting_${value}`));
  if ((name === "newcomer_hours" || name === "inviting_days") && Number(value) === 0) return t("admin.none");
  if (name.endsWith("_days") && Number(value) === 0) return t("retention.for_ever");
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) === 0 ? t("admin.no_limit") : new Intl.NumberFormat(language()).format(Number(value));
  return value === "" || value === "none" ? t("admin.none") : value;
}

/** @param {string} role */
function roleName(role) {
  return role === "member" ? t("admin.none") : t(/** @type {Key} */ (`admin.role_${role}`));
}

/** Translate "10 uses, 7 days". @param {string} detail */
function invited(detail) {
  const [, uses, days] = /^(\d+) uses, (\d+) days$/.exec(detail) ?? [];
  return uses ? `${tn("invite.uses_n", Number(uses))}, ${tn("invite.days_n", Number(days))}` : detail;
}
