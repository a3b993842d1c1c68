// The page of a round: follows what changes, draws the map, and keeps answers on the phone while there is no connection.
// Without this script the same forms work, one page after the other.

const version = new URL(import.meta.url).search;
const load = (name) => import(`./${name}.js${version}`);
const [{ patch }, answers, { draw }] = await Promise.all(["patch", "round-answers", "round-map"].map(load));

const live = document.getElementById("live");
const lost = document.getElementById("lost");
const unsent = document.getElementById("unsent");
const { home, query, build } = live.dataset;
const texts = JSON.parse(live.dataset.texts);
const AGAIN_MS = 10_000;
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Tokyo", hour: "2-digit", minute: "2-digit" });

let shown = live.firstElementChild.outerHTML;
let source = null;
let sending = null;
let known = Date.now(); // when the server has last told how it stands

const said = (template, values) => Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), template);

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// What waits on this phone is shown over what the server says.
function overlay(round) {
  for (const entry of answers.waiting().filter((other) => other.home === home && !other.refused)) {
    const place = round.querySelector(`#stop-${entry.stop} .said`);
    if (!place) continue;
    const text = said(texts.waiting, { answer: texts.said[entry.answer], time: clock.format(entry.time) });
    const mark = element("p", { className: `recorded waiting ${entry.answer}`, textContent: text });
    if (entry.answer === "none") {
      place.replaceChildren(mark);
      continue;
    }
    const form = element("form", { method: "post" }, element("button", { className: "plain", textContent: texts.undo }));
    Object.assign(form.dataset, { stop: entry.stop, answer: "none" });
    place.replaceChildren(mark, form);
  }
  return round;
}

function show(html = shown) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector(".round");
  if (!fresh) return;
  shown = html;
  patch(live.firstElementChild, overlay(fresh));
  draw(live.querySelector(".map"));
  tell();
}

function tell() {
  const all = answers.waiting();
  const left = all.filter((entry) => !entry.refused).length;
  const refused = all.filter((entry) => entry.refused).map((entry) => {
    const text = said(texts.refused, { stop: entry.name, answer: texts.said[entry.answer], time: clock.format(entry.time) });
    const button = element("button", { className: "plain", textContent: texts.understood });
    button.addEventListener("click", () => {
      answers.forget(entry.key);
      show();
    });
    return element("div", {}, element("p", { textContent: text }), button);
  });
  unsent.hidden = all.length === 0;
  const count = left ? [element("p", { textContent: said(texts.unsent, { n: left }) })] : [];
  unsent.replaceChildren(...count, ...refused);
}

function complain(text) {
  lost.hidden = text === "";
  if (lost.textContent !== text) lost.textContent = text;
}

async function update() {
  try {
    const answer = await fetch(`${home}/live${query}`, { signal: AbortSignal.timeout(AGAIN_MS) });
    if (answer.status === 404 || answer.status === 410 || answer.status === 401) {
      location.reload(); // the page says why
      return;
    }
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(await answer.text());
    known = Date.parse(answer.headers.get("date"));
    complain(answer.headers.has("x-kept") ? said(texts.lost, { time: clock.format(known) }) : "");
  } catch {
    complain(said(texts.lost, { time: clock.format(known) }));
  }
}

function send() {
  sending ??= answers.send((entry, html) => {
    if (entry.home === home) shown = html;
  }).then((trouble) => {
    sending = null;
    if (trouble === "again") complain(texts.again);
    show();
  });
  return sending;
}

async function record(form, button) {
  const { stop, answer } = form.dataset;
  const fields = new FormData(form);
  const name = document.getElementById(`stop-${stop}`)?.dataset.name ?? "";
  button?.closest("details")?.removeAttribute("open");
  answers.add({ home, query, stop, answer, name, obstacle: fields.get("obstacle") ?? "none", note: fields.get("note") ?? "" });
  show();
  await send();
}

async function say(form) {
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (!answer.ok && answer.status < 500) location.reload();
    await update();
  } catch {
    complain(texts.unrecorded);
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  if (form.dataset.stop) record(form, event.submitter);
  else say(form);
});

function connect() {
  source?.close();
  source = new EventSource(`${home}/stream${query}`);
  source.addEventListener("changed", update);
  source.addEventListener("open", send);
  source.addEventListener("error", update); // it says that the connection is lost, or how it stands where only streams fail
}

addEventListener("online", () => {
  connect();
  send();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) update();
});
setInterval(() => {
  if (source.readyState === EventSource.CLOSED) connect();
  if (answers.waiting().some((entry) => !entry.refused)) send();
}, AGAIN_MS);

localStorage.setItem("sukusuku-last", live.dataset.last);
show();
send();
connect();

if ("serviceWorker" in navigator) {
  const scope = home.startsWith("/rounds") ? "/rounds" : "/r/";
  await navigator.serviceWorker.register(`/worker.js?build=${build}`, { scope });
  await navigator.serviceWorker.ready;
  const kept = await caches.open("rounds");
  await kept.add(location.href); // this page came before the worker; it keeps those that come later
  live.dataset.kept = "";
}
