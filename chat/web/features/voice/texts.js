// Voice messages in English and Russian.

export const en = {
  "voice.record": "Record a voice message",
  "voice.recording": "Recording",
  "voice.stop": "Attach recording",
  "voice.cancel": "Cancel recording",
  "voice.denied": "The microphone can’t be used. Allow it for this page in your browser.",
  "voice.file": "Voice message",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "voice.record": "Записать голосовое сообщение",
  "voice.recording": "Идёт запись",
  "voice.stop": "Прикрепить запись",
  "voice.cancel": "Отменить запись",
  "voice.denied": "Микрофон недоступен. Разрешите его для этой страницы в браузере.",
  "voice.file": "Голосовое сообщение",
};
