// Pictures.

export const en = {
  "pictures.add": "Upload picture",
  "pictures.change": "Change picture",
  "pictures.remove": "Remove picture",
  "pictures.saved": "Picture saved",
  "pictures.removed": "Picture removed",
  "pictures.unreadable": "This file can't be opened as an image. Try a PNG or JPEG.",
  "pictures.crop": "Crop picture",
  "pictures.crop_label": "The part of the image that is shown",
  "pictures.crop_hint": "Drag to move, or use the arrow keys; + and − zoom.",
  "pictures.zoom": "Zoom",
  "pictures.save": "Save picture",
  "pictures.mine_hint": "Everybody sees it beside your messages. Where and when it was taken is removed before it is sent.",
  "pictures.room_hint": "Everybody in the room sees it.",
  "refusal.picture_too_big": "This picture is too large. Try another one.",
  "refusal.picture_not_square": "A picture is a square of at most # pixels a side.",
  "refusal.picture_type": "A picture is a PNG, JPEG or WebP image without animation.",
  "refusal.picture_metadata": "This picture says where or when it was taken. Save it without metadata and try again.",
  "refusal.no_picture": "There is no such picture.",
};
