// Что говорят все экраны.

export default {
  "common.cancel": "Отмена",
  "common.close": "Закрыть",
  "common.retry": "Повторить",
  "common.loading": "Загрузка…",
  "common.seconds": { one: "{n} секунда", few: "{n} секунды", many: "{n} секунд", other: "{n} секунды" },
  "common.not_found": "Страница не найдена.",
  "common.to_start": "На главную",
  "common.failed": "Не удалось загрузить эту часть страницы.",
  "common.outdated": "Доступна новая версия этой страницы.",
  "common.reload": "Обновить",
  "common.show_password": "Показать пароль",
  "error.offline": "Сервер не отвечает. Проверьте соединение.",
  "error.unavailable": "База данных сервера не отвечает. Ничего не изменилось; повторите чуть позже.",
  "error.too_many": "Слишком много попыток.",
  "error.again": "Повторите {in}.",
};
