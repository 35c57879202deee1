// Node with npm's `ws`, and one INSERT a message through `pg` before it is relayed, as the seeds' own programs do.
//
//   SECRET=… node node_pg.js DIRECTORY-OF-THE-SOCKET PORT USER DATABASE
//
// The INSERT is a prepared statement, and as many as the pool has connections (pg's default, 10) are under way. It
// also knows `auth <token>` (HS256, the signature and the expiry are checked) and `history N`, for the storm.
'use strict';

const { createHmac, timingSafeEqual } = require('node:crypto');
const { Pool } = require('pg');
const { serve } = require('./hub');

const [host, port, user, database] = process.argv.slice(2);
const pool = new Pool({ host, port: Number(port), user, database });
const authorised = new WeakSet();

const CREATE = `CREATE TABLE messages (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  path text NOT NULL,
  text text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
)`;
const SAVE = { name: 'save', text: 'INSERT INTO messages (path, text) VALUES ($1, $2)' };
const RECALL = { name: 'recall', text: 'SELECT text FROM messages WHERE path = $1 ORDER BY id DESC LIMIT $2' };
const COMMAND = /^\{"name":"([^"]*)","message":"(auth|history) ([^"]*)"\}$/;

const save = (path, text) => pool.query({ ...SAVE, values: [path, text] });

function answer(socket, path, text) {
  const [, name, word, rest] = COMMAND.exec(text) ?? [];
  if (word === 'auth' && isToken(rest)) {
    authorised.add(socket);
    socket.send(JSON.stringify({ name: 'server', message: `authorised as ${name}` }));
  } else if (word === 'history' && authorised.has(socket)) {
    pool.query({ ...RECALL, values: [path, Number(rest)] }).then(({ rows }) => {
      for (const row of rows.reverse()) socket.send(row.text);
    });
  }
  return word !== undefined;
}

function isToken(token) {
  const [head, claims, signature] = token.split('.');
  const right = createHmac('sha256', process.env.SECRET).update(`${head}.${claims}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== right.length || !timingSafeEqual(given, right)) return false;
  return JSON.parse(Buffer.from(claims, 'base64url')).exp > Date.now() / 1000;
}

pool.query(CREATE).then(() => serve({ save, answer }));
