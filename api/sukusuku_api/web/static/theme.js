// Light or dark: as the system has it, unless somebody has chosen. Runs before anything is painted.
// A display without a mouse is told by its address: ?theme=light or ?theme=dark.
(() => {
  const KEY = "theme";
  const root = document.documentElement;

  const kept = () => { try { return localStorage.getItem(KEY) ?? ""; } catch { return ""; } };
  const keep = (theme) => { try { localStorage.setItem(KEY, theme); } catch { /* holds for this page only */ } };
  const use = (theme) => { if (theme) root.dataset.theme = theme; else delete root.dataset.theme; };

  const asked = new URLSearchParams(location.search).get("theme");
  if (asked !== null) keep(["light", "dark"].includes(asked) ? asked : "");
  use(kept());

  addEventListener("storage", (event) => { if (event.key === KEY) use(event.newValue); });
  document.addEventListener("DOMContentLoaded", () => {
    for (const choice of document.querySelectorAll(".theme")) choice.value = root.dataset.theme ?? "";
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches(".theme")) return;
    keep(event.target.value);
    use(event.target.value);
  });
})();
