// Файлы: прикрепить, перетащить, показать, скачать.

/** @type {import("../index.js").Strings} */
export default {
  "files.attach": "Прикрепить файлы",
  "files.attached": "Прикреплённые файлы",
  "files.drop": "Отпустите файлы, чтобы прикрепить их",
  "files.uploading": "Загружается {name}",
  "files.wait": "Сообщение отправится, когда файлы загрузятся.",
  "files.failed": "Файл не загрузился. Повторите или уберите его.",
  "files.retry": "Повторить: {name}",
  "files.remove": "Убрать {name}",
  "files.too_big": "Больше, чем {most}",
  "files.unreadable": "Не удаётся прочитать: это папка, или файла больше нет.",
  "files.too_many": "В сообщении не больше {n} файлов. Остальные не прикреплены.",
  "files.open": "Открыть {name}",
  "files.show": "Показать картинку ({size})",
  "files.previous": "Предыдущее изображение",
  "files.next": "Следующее изображение",
  "files.pause": "Пауза",
  "files.position": "Место в {name}",
  "files.play": "Воспроизвести",
  "files.unplayable": "Браузер не может воспроизвести этот файл.",
  "files.save": "Сохранить",
  "files.download": "Скачать",
};
