// Answers of the crew that wait on this phone until they can be sent: each is sent until the server has said that it is
// recorded, and has a key by which the server knows it again, so that it counts once. The service worker, which cannot read
// this storage, has a copy and sends it as well where the browser wakes it up.

const KEPT = "sukusuku-answers";
const COPY = "/waiting-answers";
const PATIENCE_MS = 15_000;
const GONE = new Set([404, 409, 410, 422]); // the server will never take it

export const waiting = () => JSON.parse(localStorage.getItem(KEPT) ?? "[]");

function keep(entries) {
  localStorage.setItem(KEPT, JSON.stringify(entries));
  copy(entries).catch(() => {}); // without a service worker this page sends
}

async function copy(entries) {
  const kept = await caches.open(KEPT);
  await kept.put(COPY, Response.json(entries));
  if (entries.length) await (await navigator.serviceWorker.getRegistration())?.sync?.register(KEPT);
}

const change = (key, values) => keep(waiting().map((entry) => (entry.key === key ? { ...entry, ...values } : entry)));

export function forget(key) {
  keep(waiting().filter((entry) => entry.key !== key));
}

// What is taken back before it was ever sent has not been said.
export function add(entry) {
  const before = waiting().findLast((other) => other.home === entry.home && other.stop === entry.stop);
  if (entry.answer === "none" && before && !before.tried && !before.refused) {
    forget(before.key);
    return;
  }
  keep([...waiting(), { ...entry, key: crypto.randomUUID(), time: Date.now() }]);
}

// Send what waits, in order; `recorded` gets the server's answer to each. Return what has stopped it: "", "lost" or "again".
export function send(recorded) {
  if (!navigator.locks) return sendAll(recorded);
  return navigator.locks.request(KEPT, () => sendAll(recorded)); // one tab at a time
}

function post({ home, query, stop, answer, obstacle, note, key, time }) {
  return fetch(`${home}/answers${query}`, {
    method: "POST",
    body: new URLSearchParams({ stop, answer, obstacle, note, key, age: Math.max(0, Date.now() - time) }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

async function sendAll(recorded) {
  for (const entry of waiting().filter((other) => !other.refused)) {
    const { key } = entry;
    change(key, { tried: true });
    let response;
    try {
      response = await post(entry);
      if (response.ok) recorded(entry, await response.text());
    } catch {
      return "lost";
    }
    if (response.ok) forget(key);
    else if (GONE.has(response.status)) change(key, { refused: true });
    else return response.status === 401 || response.status === 403 ? "again" : "lost";
  }
  return "";
}
