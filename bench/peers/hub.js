// A chat server as people write it on npm's `ws`: whoever connects under a path hears what the others there say.
//
//   /rooms/7    everyone in the room hears a message, its sender too
//   /direct/3   {"from", "to", "content"} goes to whoever is connected as /direct/<to>
//   any other   everyone connected hears it but its sender
//
// A message is passed on as it came: nothing is parsed (but a direct message's address), authenticated or limited.
// `save(path, text)` returns a promise: a message is relayed when it has settled, and those of one sender in the order
// they came. `answer(socket, path, text)` says whether it was a command, which is not relayed. Both are given, or neither.
'use strict';

const { readFileSync } = require('fs');
const { createServer } = require('https');
const { WebSocketServer, WebSocket } = require('ws');

exports.serve = function serve({ save, answer } = {}) {
  const members = new Map();
  const listening = { host: '127.0.0.1', port: 0, backlog: 4096 };
  const { TLS_CERT, TLS_KEY } = process.env;
  const https = TLS_CERT && createServer({ cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) });
  const place = https ? { server: https } : listening;
  const server = new WebSocketServer({ ...place, clientTracking: false });

  function relay(path, sender, data) {
    let to = path;
    if (path.startsWith('/direct/')) to = '/direct/' + JSON.parse(data).to;
    const echoes = !path.startsWith('/talker');
    for (const client of members.get(to) ?? []) {
      if ((echoes || client !== sender) && client.readyState === WebSocket.OPEN) {
        client.send(data, { binary: false });
      }
    }
  }

  server.on('connection', (socket, request) => {
    const path = request.url;
    if (!members.has(path)) members.set(path, new Set());
    members.get(path).add(socket);
    let before = Promise.resolve();
    socket.on('message', (data) => {
      if (save === undefined) return relay(path, socket, data);
      const text = data.toString();
      if (answer(socket, path, text)) return;
      const saved = save(path, text);
      before = before.then(() => saved).then(() => relay(path, socket, data));
    });
    socket.on('close', () => members.get(path).delete(socket));
    socket.on('error', () => socket.terminate());
  });
  server.on('listening', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
  if (https) https.listen(listening);
};
