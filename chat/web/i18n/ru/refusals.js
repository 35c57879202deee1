// What the server says when it refuses, which it writes in English, with # for each number; and what each code means.
// tests/web/test_refusals.py compares them with the server.

/** @type {Record<string, string>} */
export const texts = {
  "the room's last owner: make somebody else an owner first":
    "Вы последний владелец комнаты: сначала сделайте владельцем кого-нибудь ещё.",
  "nobody else is an admin who can come in: make somebody one first":
    "Других администраторов, которые могут войти, нет: сначала назначьте ещё одного.",
  "the token has expired": "Срок токена истёк.",
  "that invite is another's": "Это чужое приглашение.",
  "at most # people can be blocked": "Заблокировать можно не больше # человек.",
  "nobody gives themselves a higher role, or bans themselves":
    "Нельзя повысить роль самому себе или закрыть доступ самому себе.",
  "not a member of the room": "Вас нет в этой комнате.",
  "only an admin invites people to register": "Приглашать к регистрации может только администратор.",
  "only an admin may": "Это может только администратор.",
  "only an owner of the room may do that": "Это может только владелец комнаты.",
  "only an owner or a moderator of the room may do that": "Это может только владелец или модератор комнаты.",
  "only operators may do that": "Это могут только операторы.",
  "only the creator of the room may do that": "Это может только создатель комнаты.",
  "registration is closed: ask whoever runs the server for an account":
    "Регистрация закрыта: попросите учётную запись у того, кто управляет сервером.",
  "registration needs an invite: ask whoever runs the server":
    "Для регистрации нужно приглашение: попросите его у того, кто управляет сервером.",
  "that invite is not valid: it is used up, too old, or mistyped":
    "Приглашение не действует: оно использовано, устарело или набрано с ошибкой.",
  "that is not the code that the server printed": "Это не тот код, который напечатал сервер.",
  "that is not your message": "Это не ваше сообщение.",
  "that is not your name": "Это не ваше имя.",
  "that is not your password": "Это не ваш пароль.",
  "the other one is not there any more": "Собеседника здесь больше нет.",
  "the other one takes no messages from you": "Собеседник не принимает ваших сообщений.",
  "the room is archived": "Комната в архиве.",
  "the room is private": "Комната закрытая.",
  "this server has no support widget": "На этом сервере нет виджета поддержки.",
  "this server takes no files": "Этот сервер не принимает файлы.",
  "who is banned may not join": "Вам закрыт доступ в эту комнату.",
  "a visitor has their own support conversation, and nothing else":
    "Посетителю доступен только его разговор с поддержкой.",
  "that invite is used up, withdrawn or too old": "Приглашение использовано, отозвано или устарело.",
  "there is no set-up code, or too many were wrong: the next start of the server prints a new one":
    "Кода настройки нет, или слишком много попыток было неверных: новый код сервер напечатает при следующем запуске.",
  "a name has # to # letters, digits, '_', '.', '-' and single spaces between them":
    "В имени от # до # знаков: буквы, цифры, «_», «.», «-» и одиночные пробелы между ними.",
  "a room's name has # to # letters, digits, '_', '.', '-' and single spaces between them":
    "В названии от # до # знаков: буквы, цифры, «_», «.», «-» и одиночные пробелы между ними.",
  "it has characters that can't be shown": "Там есть знаки, которые нельзя показать.",
  "the message has characters that can't be kept (NUL, lone surrogates)":
    "В сообщении есть знаки, которые нельзя сохранить.",
  "the password has characters that can't be used": "В пароле есть знаки, которые нельзя использовать.",
  "a file is not there, not yours, of another room or in another message":
    "Файла нет, он не ваш, из другой комнаты или уже в другом сообщении.",
  "a name has letters of one script, as Latin or Cyrillic, not of several":
    "В имени буквы только одной письменности: латиница или кириллица, но не вперемешку.",
  "a reaction is one emoji: no letters, digits, spaces or controls":
    "Реакция — это один эмодзи, без букв, цифр и пробелов.",
  "a topic has at most # characters, no NUL and no lone surrogate":
    "В теме не больше # знаков, и все их можно показать.",
  "a visitor has no name to log in with, no password and no roles":
    "У посетителя нет имени для входа, пароля и ролей.",
  "at most # words can be searched for": "Искать можно не больше # слов.",
  "nobody blocks themselves": "Заблокировать себя нельзя.",
  "not an operator": "Это не оператор.",
  "that invite is to register, to no room": "Это приглашение для регистрации, а не в комнату.",
  "that is not an e-mail address": "Это не адрес электронной почты.",
  "that name is reserved": "Это имя занято сервером.",
  "the message is empty": "Сообщение пустое.",
  "the message is longer than # characters": "Сообщение длиннее # знаков.",
  "the password is longer than # bytes": "Пароль длиннее # байт.",
  "the password is shorter than # characters": "Пароль короче # знаков.",
  "there is no such message to reply to": "Сообщения, на которое вы отвечаете, нет.",
  "there is no word to search for": "Нет ни одного слова для поиска.",
  "the server does not have that file's bytes": "На сервере нет содержимого этого файла.",
  "the room is gone": "Комнаты больше нет.",
  "there is no such file": "Такого файла нет.",
  "there is no such invite": "Такого приглашения нет.",
  "there is no such message": "Такого сообщения нет.",
  "there is no such person": "Такого человека нет.",
  "there is no such room": "Такой комнаты нет.",
  "there is no such session": "Такого сеанса нет.",
  "it may or may not have been saved: look before you repeat it":
    "Неизвестно, сохранено ли это: проверьте, прежде чем повторять.",
  "the database went silent: it may or may not have been done":
    "База данных не ответила: неизвестно, сделано ли это.",
  "the message may or may not have been saved": "Неизвестно, сохранено ли сообщение.",
  "that name looks like another's": "Это имя слишком похоже на чужое.",
  "a room of that name exists": "Комната с таким названием уже есть.",
  "already in the room": "В комнате уже состоят.",
  "email already registered": "Эта почта уже зарегистрирована.",
  "that name is taken": "Это имя занято.",
  "a message has # kinds of reactions at most": "У сообщения не больше # видов реакций.",
  "at most # uploads at a time": "Одновременно можно отправлять не больше # файлов.",
  "a file has at most # bytes": "В файле не больше # байт.",
  "too many logins and registrations at once, try again": "Слишком много входов и регистраций сразу, повторите.",
  "too many searches at once, try again": "Слишком много поисков сразу, повторите.",
  "the search takes too long: look for other words, or in one room, by one person or in a shorter time":
    "Поиск длится слишком долго: уточните слова, комнату, автора или время.",
  "too many requests at once, wait for the answers": "Слишком много запросов сразу, дождитесь ответов.",
  "invalid credentials": "Неверное имя или пароль.",
  "the token is not valid": "Токен не действует.",
  "this account is disabled": "Эта учётная запись отключена.",
};

/** @type {Record<string, string>} */
export const codes = {
  malformed: "Сервер не понял запрос.",
  invalid: "Сервер не принял это значение.",
  unknown_type: "Сервер не знает такого запроса.",
  unauthenticated: "Нужно войти снова.",
  expired: "Срок входа истёк, войдите снова.",
  forbidden: "Это вам не разрешено.",
  not_found: "Этого нет, или вам это не видно.",
  taken: "Это уже занято.",
  conflict: "Тем временем это изменилось.",
  gone: "Это больше не действует.",
  too_big: "Это слишком велико.",
  too_many: "Слишком часто, повторите чуть позже.",
  outcome_unknown: "Неизвестно, сохранено ли это: проверьте, прежде чем повторять.",
  internal: "На сервере случилась ошибка, повторите.",
};
