// Keeps a page as it is now: asks for it again every `data-refresh` seconds and takes over what differs. While somebody
// is filling in a form, or something is to be put right, it waits. When the server is away the page stays and says so.
const { patch } = await import(`./patch.js${new URL(import.meta.url).search}`);

const body = document.body;
const lost = document.getElementById("lost");

const edited = new Set(); // fields of forms that somebody has changed
document.addEventListener("input", ({ target }) => target.form && edited.add(target));

const busy = () =>
  [...edited].some((field) => field.isConnected && field.value !== field.defaultValue)
  || document.querySelector("form :focus, .error") !== null;

async function refresh() {
  if (document.hidden || busy()) return;
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(20_000) });
    if (answer.redirected || answer.status === 401 || answer.status === 403) {
      location.reload(); // signed out, or not open any more: the page says so
      return;
    }
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh.body.dataset.build !== body.dataset.build) {
      location.reload();
      return;
    }
    if (busy()) return;
    for (const part of ["header", "main"]) patch(document.querySelector(part), fresh.querySelector(part));
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
}

setInterval(refresh, 1000 * body.dataset.refresh);
document.addEventListener("visibilitychange", refresh);
