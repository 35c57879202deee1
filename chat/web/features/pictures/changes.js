// What a change of a room's picture does to the room.

/** @import { RoomInfo } from "../../model/types" */
/** @import { PictureChangedEvent } from "../../protocol" */

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "pictures", ofInfo: { picture: afterPicture } };

/** @param {RoomInfo} info @param {PictureChangedEvent} change @returns {RoomInfo} */
function afterPicture({ picture: _before, ...info }, { picture }) {
  return picture ? { ...info, picture } : info;
}
