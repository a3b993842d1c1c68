// The service worker of the pages of rounds: they and what they are made of are there without a connection, too. Fresh is
// preferred; what is kept says so (`x-kept`).

const build = new URL(location).searchParams.get("build");
const STATIC = `static-${build}`;
const ROUNDS = "rounds";
const ANSWERS = "sukusuku-answers";
const MOST_ROUNDS = 12;
const PATIENCE_MS = 8_000;
const OURS = ["tokens.css", "theme.js", "answers.css", "round.css", "round.js", "patch.js", "round-answers.js", "round-map.js", "round-last.js", "app-icon.svg", "icon.svg"];
const PARTS = [
  ...OURS.map((name) => `/wall/static/${name}?v=${build}`),
  ...["leaflet.js", "leaflet.css"].map((name) => `/leaflet/${name}?v=${build}`),
];
const ROUND = /^\/(r\/[^/]+|rounds\/\d+)(\/live)?$/;

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("sync", (event) => event.tag === ANSWERS && event.waitUntil(sendAnswers()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (PARTS.includes(pathname + search)) event.respondWith(part(request));
  else if (ROUND.test(pathname)) event.respondWith(round(request));
});

async function install() {
  const parts = await caches.open(STATIC);
  await Promise.allSettled(PARTS.map((url) => parts.add(url)));
  await skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) if (![STATIC, ROUNDS, ANSWERS].includes(name)) await caches.delete(name);
  await clients.claim();
}

async function part(request) {
  return (await caches.match(request)) ?? fetch(request);
}

async function round(request) {
  const rounds = await caches.open(ROUNDS);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok && !answer.redirected) await keep(rounds, request, answer.clone());
    else if (answer.status < 500) await rounds.delete(request);
    return answer;
  } catch (error) {
    const kept = await rounds.match(request, { ignoreSearch: true });
    if (!kept) throw error;
    const headers = new Headers(kept.headers);
    headers.set("x-kept", "1");
    return new Response(kept.body, { status: kept.status, headers });
  }
}

async function keep(rounds, request, answer) {
  await rounds.delete(request, { ignoreSearch: true });
  await rounds.put(request, answer);
  const kept = await rounds.keys();
  for (const old of kept.slice(0, -MOST_ROUNDS)) await rounds.delete(old);
}

// There is a connection again, and maybe no page of ours: send what waits. The page that is opened next sends it once more
// and hears that it is recorded; the key of each answer sees to it that it counts once.
async function sendAnswers() {
  const copy = await (await caches.open(ANSWERS)).match("/waiting-answers");
  for (const entry of copy ? await copy.json() : []) {
    if (entry.refused) continue;
    const { home, query, stop, answer, obstacle, note, key, time } = entry;
    const body = new URLSearchParams({ stop, answer, obstacle, note, key, age: Math.max(0, Date.now() - time) });
    await fetch(`${home}/answers${query}`, { method: "POST", body }); // when it is lost, the browser tries again later
  }
}
