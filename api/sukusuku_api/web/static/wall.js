// Keeps the wall live: takes what the stream tells of each part, counts the ages, turns the pages of many centres, and
// says when data or the connection is old. Works on from what it has when the server is gone.
const { patch } = await import(`./patch.js${new URL(import.meta.url).search}`);

const body = document.body;
const lost = document.getElementById("lost");
const ages = JSON.parse(body.dataset.ages);
const language = document.documentElement.lang;
const TOKYO = "Asia/Tokyo";
const SILENT_MS = 30_000; // three signs of life missed
const RETRY_MS = 3_000;

const clock = new Intl.DateTimeFormat("en-GB", { timeZone: TOKYO, hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(language, { timeZone: TOKYO, month: "long", day: "numeric", weekday: "short" });

let ahead = body.dataset.now - Date.now(); // by how much the server's clock is ahead of ours
let mark = body.dataset.mark; // of what is shown
let source = null;
let heard = Date.now();

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
  for (const time of document.querySelectorAll("[data-time]")) setText(time, age(present - time.dataset.time));
  for (const tile of document.querySelectorAll("[data-silent-after]")) {
    const { last, silentAfter } = tile.dataset;
    // Only ever set here: the server may know earlier that nobody is there, and takes it away with the next tile.
    if (last === "" || present - last > silentAfter) tile.toggleAttribute("data-stale", true);
  }
  for (const time of document.querySelectorAll("[data-clock]")) setText(time, clock.format(present));
  for (const day of document.querySelectorAll("[data-date]")) setText(day, date.format(present));
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
  const rows = document.querySelector(".rows");
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

// Put the rows in their new order: what has come to need somebody moves to the front.
function arrange({ order: ids, pages, urgent }) {
  const rows = document.querySelector(".rows");
  Object.assign(rows.dataset, { pages, urgent });
  ids.split(" ").forEach((id, n) => {
    const row = document.getElementById(`row-${id}`);
    row.dataset.page = Math.floor(n / rows.dataset.rows);
    if (rows.children[n + 1] !== row) rows.insertBefore(row, rows.children[n + 1]); // the first child is the summary
  });
}

function take(html) {
  const news = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  if (news.dataset.build !== body.dataset.build) {
    location.reload();
    return;
  }
  ahead = news.dataset.now - Date.now();
  for (const fresh of [...news.children]) patch(document.getElementById(fresh.id), fresh);
  if (news.dataset.order) arrange(news.dataset);
  show();
  tick();
}

function alive() {
  heard = Date.now();
  lost.hidden = true;
}

function connect() {
  source = new EventSource(`${body.dataset.stream}&since=${mark}`);
  source.addEventListener("open", alive);
  for (const name of ["state", "change"]) {
    source.addEventListener(name, (event) => {
      alive();
      mark = event.lastEventId;
      take(event.data);
    });
  }
  source.addEventListener("beat", (event) => {
    alive();
    ahead = event.data - Date.now();
  });
  source.addEventListener("error", () => {
    lost.hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(refused, RETRY_MS);
  });
}

// The server does not let us listen. Signed out, or the link was revoked: then the page says so.
async function refused() {
  try {
    const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      location.reload();
      return;
    }
  } catch {
    // it is away: the banner says so
  }
  reconnect();
}

function reconnect() {
  lost.hidden = false;
  heard = Date.now();
  source.close();
  connect();
}

show();
tick();
setInterval(tick, 1000);
setInterval(turn, TURN_MS);
connect();
