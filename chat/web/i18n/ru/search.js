// Поиск сообщений.

export default {
  "search.title": "Поиск сообщений",
  "search.search": "Найти",
  "search.placeholder": "Слова, или from:ada in:garden \"два слова\"",
  "search.from_hint": "От человека: from:ada",
  "search.in_hint": "В комнате: in:garden",
  "search.since_hint": "С даты: since:2026-03-01",
  "search.before_hint": "До даты: before:2026-03",
  "search.phrase_hint": "Точная фраза",
  "search.mentions": "Ваши упоминания",
  "search.no_mentions": "Вас ещё никто не упоминал.",
  "search.no_words": "Введите слово для поиска",
  "search.help": "Ищет по началу слова; регистр и ударения не важны. Знак - перед словом исключает его. Поиск идёт во всех комнатах, где вы есть.",
  "search.searching": "Поиск…",
  "search.found": "Результаты поиска, сначала новые",
  "search.none": "Сообщения не найдены",
  "search.none_text": "Поиск шёл во всех комнатах, где вы есть:",
  "search.wrong_day": "«{part}» — не дата. Пишите так: 2026-03-01 или 2026-03.",
  "search.nobody": "Никого с именем «{name}» здесь нет.",
  "search.no_room": "Вас нет в комнате с названием «{name}».",
};
