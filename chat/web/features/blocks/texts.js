// Blocking people in English and Russian.

export const en = {
  "blocks.title": "Blocked people",
  "blocks.text": "People you block can't send you direct messages, and their messages in rooms are collapsed. They are not notified.",
  "blocks.none": "You haven't blocked anyone.",
  "blocks.unblock_one": "Unblock {name}",
  "blocks.block": "Block",
  "blocks.unblock": "Unblock",
  "blocks.block_title": "Block {name}?",
  "blocks.block_text": "They can't send you direct messages, and their messages in rooms are collapsed. They are not notified.",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "blocks.title": "Заблокированные",
  "blocks.text": "Заблокированные не могут писать вам лично, а их сообщения в комнатах свёрнуты. Они об этом не знают.",
  "blocks.none": "Вы никого не заблокировали.",
  "blocks.unblock_one": "Разблокировать: {name}",
  "blocks.block": "Заблокировать",
  "blocks.unblock": "Разблокировать",
  "blocks.block_title": "Заблокировать: {name}?",
  "blocks.block_text": "Этот человек не сможет писать вам лично, а его сообщения в комнатах будут свёрнуты. Он об этом не узнает.",
};
