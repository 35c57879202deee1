// What the server says when it refuses, which it writes in English, with # for each number; and what each code means.
// tests/web/test_refusals.py compares them with the server.

/** @type {Record<string, string>} */
export const texts = {
  "this is the room's last owner: make someone else an owner first":
    "Вы последний владелец комнаты: сначала сделайте владельцем кого-нибудь ещё.",
  "this would remove the last admin who can log in: make someone else an admin first":
    "Это последний администратор, который может войти: сначала назначьте ещё одного.",
  "the token has expired": "Срок токена истёк.",
  "this invitation belongs to someone else": "Это чужое приглашение.",
  "you can block at most # people": "Заблокировать можно не больше # человек.",
  "you can't raise your own role or ban yourself":
    "Нельзя повысить роль самому себе или заблокировать самого себя.",
  "not a member of the room": "Вас нет в этой комнате.",
  "only admins can invite people to register": "Приглашать к регистрации может только администратор.",
  "only admins can do this": "Это может только администратор.",
  "only owners of the room can do this": "Это может только владелец комнаты.",
  "only owners and moderators of the room can do this": "Это может только владелец или модератор комнаты.",
  "only operators can do this": "Это могут только операторы.",
  "only the creator of the room may do that": "Это может только создатель комнаты.",
  "registration is closed: ask an admin for an account":
    "Регистрация закрыта: попросите учётную запись у администратора.",
  "registration needs an invite: ask whoever runs the server":
    "Для регистрации нужно приглашение: попросите его у администратора.",
  "that invite is not valid: it is used up, too old, or mistyped":
    "Приглашение не действует: оно использовано, устарело или набрано с ошибкой.",
  "wrong setup code": "Неверный код настройки.",
  "that is not your message": "Это не ваше сообщение.",
  "that is not your name": "Это не ваше имя.",
  "wrong password": "Неверный пароль.",
  "this person is no longer here": "Этого человека здесь больше нет.",
  "this person doesn't accept messages from you": "Этот человек не принимает ваших сообщений.",
  "the room is archived": "Комната в архиве.",
  "the room is private": "Комната закрытая.",
  "this server has no support widget": "На этом сервере нет виджета поддержки.",
  "this server takes no files": "Этот сервер не принимает файлы.",
  "you are banned from this room": "Вы заблокированы в этой комнате.",
  "a visitor has their own support conversation, and nothing else":
    "Посетителю доступен только его разговор с поддержкой.",
  "this invitation is used up, revoked or expired": "Приглашение использовано, отозвано или устарело.",
  "this setup code is no longer valid: restart the server to get a new one":
    "Этот код настройки больше не действует: перезапустите сервер, чтобы получить новый.",
  "a name has # to # letters, digits, '_', '.', '-' and single spaces between them":
    "В имени от # до # знаков: буквы, цифры, «_», «.», «-» и одиночные пробелы между ними.",
  "a room's name has # to # letters, digits, '_', '.', '-' and single spaces between them":
    "В названии от # до # знаков: буквы, цифры, «_», «.», «-» и одиночные пробелы между ними.",
  "it has characters that can't be shown": "Там есть знаки, которые нельзя показать.",
  "the message has characters that can't be kept (NUL, lone surrogates)":
    "В сообщении есть знаки, которые нельзя сохранить.",
  "the password has characters that can't be used": "В пароле есть знаки, которые нельзя использовать.",
  "a file doesn't exist, is not yours, or belongs to another room or message":
    "Файла нет, он не ваш, из другой комнаты или уже в другом сообщении.",
  "a name has letters of one script, as Latin or Cyrillic, not of several":
    "В имени буквы только одной письменности: латиница или кириллица, но не вперемешку.",
  "a reaction is one emoji: no letters, digits, spaces or controls":
    "Реакция — это один эмодзи, без букв, цифр и пробелов.",
  "a topic has at most # characters, no NUL and no lone surrogate":
    "В теме не больше # знаков, и все их можно показать.",
  "visitors have no name to log in with, no password and no roles":
    "У посетителя нет имени для входа, пароля и ролей.",
  "search for at most # words": "Искать можно не больше # слов.",
  "you can't block yourself": "Заблокировать себя нельзя.",
  "only visitors of the support widget can be blocked here": "Здесь можно заблокировать только посетителя виджета.",
  "this person is not an operator": "Этот человек не оператор.",
  "this invitation is for registering, not for a room": "Это приглашение для регистрации, а не в комнату.",
  "that is not an e-mail address": "Это не адрес электронной почты.",
  "that name is reserved": "Это имя зарезервировано.",
  "the message is empty": "Сообщение пустое.",
  "the message is longer than # characters": "Сообщение длиннее # знаков.",
  "a token for a program can't do this: log in with the name and the password":
    "Токену программы это нельзя: войдите по имени и паролю.",
  "that display name looks like another's": "Это имя слишком похоже на имя другого человека.",
  "the password is longer than # bytes": "Пароль длиннее # байт.",
  "the password is shorter than # characters: use several words": "Пароль короче # знаков: возьмите несколько слов.",
  "this password is one of the first that are guessed: choose several words that don't belong together":
    "Такой пароль угадывают первым: возьмите несколько слов, не связанных друг с другом.",
  "the password is shorter than # characters": "Пароль короче # знаков.",
  "there is no such message to reply to": "Сообщения, на которое вы отвечаете, нет.",
  "enter a word to search for": "Введите слово для поиска.",
  "the server does not have that file's bytes": "На сервере нет содержимого этого файла.",
  "the room is gone": "Комнаты больше нет.",
  "this link is used up, expired or mistyped: ask an admin for a new one":
    "Ссылка использована, устарела или набрана с ошибкой: попросите новую у администратора.",
  "there is no such file": "Такого файла нет.",
  "there is no such invitation": "Такого приглашения нет.",
  "there is no such message": "Такого сообщения нет.",
  "there is no such person": "Такого человека нет.",
  "there is no such room": "Такой комнаты нет.",
  "there is no such session": "Такого сеанса нет.",
  "it may or may not have been saved: check before you repeat it":
    "Неизвестно, сохранено ли это: проверьте, прежде чем повторять.",
  "the database stopped responding: it may or may not have been done":
    "База данных не ответила: неизвестно, сделано ли это.",
  "the message may or may not have been saved": "Неизвестно, сохранено ли сообщение.",
  "that name looks like another's": "Это имя слишком похоже на чужое.",
  "a room of that name exists": "Комната с таким названием уже есть.",
  "already in the room": "В комнате уже состоят.",
  "email already registered": "Эта почта уже зарегистрирована.",
  "that name is taken": "Это имя занято.",
  "a message can have at most # kinds of reactions": "У сообщения не больше # видов реакций.",
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
  too_many: "Слишком много попыток, повторите чуть позже.",
  outcome_unknown: "Неизвестно, сохранено ли это: проверьте, прежде чем повторять.",
  internal: "На сервере случилась ошибка, повторите.",
};
