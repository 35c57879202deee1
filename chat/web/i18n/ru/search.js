// Поиск сообщений.

export default {
  "search.title": "Поиск сообщений",
  "search.search": "Найти",
  "search.placeholder": "Слова, или from:ada in:garden \"два слова\"",
  "search.from_hint": "Кто сказал: from:ada",
  "search.in_hint": "В какой комнате: in:garden",
  "search.since_hint": "Начиная с дня: since:2026-03-01",
  "search.before_hint": "До дня: before:2026-03",
  "search.phrase_hint": "Слова в этом порядке",
  "search.mentions": "Где вас упомянули",
  "search.no_mentions": "Вас ещё никто не упоминал.",
  "search.no_words": "Добавьте слово для поиска",
  "search.help": "Достаточно начала слова; регистр и ударения не важны. Знак - перед словом убирает сообщения с ним. Ищется в комнатах, где вы есть.",
  "search.searching": "Поиск…",
  "search.found": "Найденные сообщения, сначала новые",
  "search.none": "Такого сообщения нет",
  "search.none_text": "Искали во всех комнатах, где вы есть:",
  "search.wrong_day": "«{part}» — не день. Пишите так: 2026-03-01 или 2026-03.",
  "search.nobody": "Никого с именем «{name}» здесь нет.",
  "search.no_room": "Вас нет в комнате с названием «{name}».",
};
