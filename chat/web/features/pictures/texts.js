// Pictures in English and Russian.

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

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "pictures.add": "Загрузить фото",
  "pictures.change": "Сменить фото",
  "pictures.remove": "Удалить фото",
  "pictures.saved": "Фото сохранено",
  "pictures.removed": "Фото удалено",
  "pictures.unreadable": "Этот файл не открывается как изображение. Попробуйте PNG или JPEG.",
  "pictures.crop": "Кадрирование",
  "pictures.crop_label": "Видимая часть изображения",
  "pictures.crop_hint": "Перетаскивайте изображение или нажимайте стрелки; + и − меняют масштаб.",
  "pictures.zoom": "Масштаб",
  "pictures.save": "Сохранить фото",
  "pictures.mine_hint": "Его видят все рядом с вашими сообщениями. Сведения о месте и времени съёмки удаляются до отправки.",
  "pictures.room_hint": "Его видят все в комнате.",
  "refusal.picture_too_big": "Изображение слишком большое. Выберите другое.",
  "refusal.picture_not_square": "Изображение должно быть квадратом со стороной до # пикселей.",
  "refusal.picture_type": "Подойдёт изображение PNG, JPEG или WebP без анимации.",
  "refusal.picture_metadata": "В файле записано, где или когда сделан снимок. Сохраните его без метаданных и попробуйте снова.",
  "refusal.no_picture": "Такого изображения нет.",
};
