// HTTP calls, and the names of people by their ids.

const ANSWER_WITHIN = 15_000; // ms
const TRIES = 6; // for a name, a second apart at first; then the id stands for it

export class Refused extends Error {
  constructor(status, text) {
    super(text ?? `The server answered ${status}.`);
    this.status = status;
  }
}

// Returns the answer's JSON. Throws Refused, or Error where there is no answer.
export async function call(method, path, { token, body } = {}) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
  } catch {
    throw new Error("The server does not answer.");
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok || answer === null) throw new Refused(response.status, answer?.error);
  return answer;
}

export const knownNames = new Map(); // by id
const names = new Map(); // promises of them
let turn = Promise.resolve(); // the server lets an address make five calls a second: one after another

export function nameOf(uid) {
  if (!names.has(uid)) {
    turn = turn.then(() => lookUp(uid));
    names.set(uid, turn);
  }
  return names.get(uid);
}

async function lookUp(uid) {
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      const { Username: name } = await call("GET", `/profile/${uid}`);
      knownNames.set(uid, name);
      return name;
    } catch (error) {
      if (error.status === 404) return `person ${uid} (deleted)`;
      await new Promise((resolve) => setTimeout(resolve, 1_000 * 2 ** tries));
    }
  }
  names.delete(uid); // the next line asks again
  return `person ${uid}`;
}
