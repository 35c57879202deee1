// What a change of a room's slow mode does to the room.

/** @import { RoomInfo } from "../../model/types" */
/** @import { SlowModeChangedEvent } from "../../protocol" */

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "slow_mode", ofInfo: { slow_mode: afterSlowMode } };

/** @param {RoomInfo} info @param {SlowModeChangedEvent} change @returns {RoomInfo} */
function afterSlowMode({ slow_mode: _before, ...info }, { seconds }) {
  return seconds ? { ...info, slow_mode: seconds } : info;
}
