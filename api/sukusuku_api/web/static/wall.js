// Keeps the wall live: listens to the stream, fetches what changed, counts the ages, and says when data or the
// connection is old. Works on from what it has when the server is gone.

const { patch } = await import(`./patch.js${new URL(import.meta.url).search}`);
const body = document.body;
const live = document.getElementById("live");
const lost = document.getElementById("lost");
const ages = JSON.parse(body.dataset.ages);
const language = document.documentElement.lang;
const TOKYO = "Asia/Tokyo";
const SILENT_MS = 30_000; // three signs of life missed
const RETRY_MS = 3_000;
const PAUSE_MS = 1_000; // at most one update a second

const clock = new Intl.DateTimeFormat("en-GB", { timeZone: TOKYO, hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(language, { timeZone: TOKYO, month: "long", day: "numeric", weekday: "short" });

let ahead = 0; // by how much the server's clock is ahead of ours
let source = null;
let heard = Date.now();
let fetching = false;
let again = false;

const now = () => Date.now() + ahead;

function age(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const [unit, size] = s < 60 ? ["s", 1] : s < 3600 ? ["min", 60] : s < 86400 ? ["h", 3600] : ["d", 86400];
  return ages[unit].replace("{n}", Math.floor(s / size));
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  const present = now();
  for (const time of live.querySelectorAll("[data-time]")) setText(time, age(present - time.dataset.time));
  for (const tile of live.querySelectorAll("[data-silent-after]")) {
    const { last, silentAfter } = tile.dataset;
    // Only ever set here: the server may know earlier that nobody is there, and takes it away with the next tile.
    if (last === "" || present - last > silentAfter) tile.toggleAttribute("data-stale", true);
  }
  for (const time of live.querySelectorAll("[data-clock]")) setText(time, clock.format(present));
  for (const day of live.querySelectorAll("[data-date]")) setText(day, date.format(present));
  if (Date.now() - heard > SILENT_MS) reconnect();
}

// Many centres: one page of rows after the other. What needs somebody comes first, and again after every two others.
const TURN_MS = 12_000;
let turned = 0;

function order(pages, urgent) {
  const found = [...Array(urgent).keys()];
  for (let page = urgent; page < pages; page += 1) {
    found.push(page);
    if (urgent > 0 && (page - urgent) % 2 === 1 && page < pages - 1) found.push(0);
  }
  return found;
}

function show() {
  const rows = live.querySelector(".rows");
  if (!rows) return;
  const pages = order(Number(rows.dataset.pages), Number(rows.dataset.urgent));
  const page = pages[turned % pages.length];
  const far = matchMedia("(min-width: 761px) and (min-aspect-ratio: 1/1)").matches;
  for (const row of rows.querySelectorAll(".row")) row.hidden = far && Number(row.dataset.page) !== page;
  setText(rows.querySelector(".turn"), far && rows.dataset.pages > 1 ? `${page + 1} / ${rows.dataset.pages}` : "");
}

function turn() {
  if (document.querySelector(".rows :focus-visible")) return; // somebody is reading with the keyboard
  turned += 1;
  show();
}

async function update() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  again = false;
  try {
    const answer = await fetch(body.dataset.tiles, { signal: AbortSignal.timeout(10_000) });
    if (answer.status === 401 || answer.status === 403) {
      location.reload(); // signed out, or the link was revoked: the page says so
      return;
    }
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".wall");
    if (fresh.dataset.build !== body.dataset.build) {
      location.reload();
      return;
    }
    ahead = fresh.dataset.now - Date.now();
    patch(live.firstElementChild, fresh);
    show();
    tick();
  } catch {
    again = true; // the stream's own trouble shows the banner; this only tries again
  }
  setTimeout(() => {
    fetching = false;
    if (again) update();
  }, PAUSE_MS);
}

function alive() {
  heard = Date.now();
  lost.hidden = true;
}

function connect() {
  source = new EventSource(body.dataset.stream);
  source.addEventListener("open", alive);
  source.addEventListener("state", () => {
    alive();
    update();
  });
  source.addEventListener("beat", (event) => {
    alive();
    ahead = event.data - Date.now();
  });
  source.addEventListener("error", () => {
    lost.hidden = false;
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(reconnect, RETRY_MS);
    update();
  });
}

function reconnect() {
  lost.hidden = false;
  heard = Date.now();
  source.close();
  connect();
}

ahead = live.firstElementChild.dataset.now - Date.now();
show();
tick();
setInterval(tick, 1000);
setInterval(turn, TURN_MS);
connect();
