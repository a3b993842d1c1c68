// The map of a round: its places with their numbers, the way between them, the depot. Tiles only where the settings name some.

let map = null;
let layer = null;
let drawn = "";

const pin = (kind, label) => {
  const element = document.createElement("span");
  element.textContent = label;
  return L.divIcon({ className: `pin ${kind}`, html: element, iconSize: [44, 36] });
};

const named = (text) => {
  const element = document.createElement("span"); // as text: a name may be anything
  element.textContent = text;
  return element;
};

export function draw(box) {
  if (!box || !window.L) return;
  box.hidden = false;
  box.classList.toggle("tiled", box.dataset.tiles !== "");
  if (map && map.getContainer() !== box.firstElementChild) {
    map.remove();
    map = null;
    drawn = "";
  }
  if (box.dataset.way === drawn) return;
  const { spots, depot } = JSON.parse(box.dataset.way);
  const corners = spots.map((spot) => spot.at);
  const way = depot ? [depot.at, ...corners, depot.at] : corners;
  if (!map) {
    map = L.map(box.firstElementChild, { zoomSnap: 0.25, scrollWheelZoom: false, zoomControl: false });
    map.attributionControl.setPrefix(false);
    L.control.scale({ imperial: false }).addTo(map);
    if (box.dataset.tiles) {
      L.tileLayer(box.dataset.tiles, { attribution: box.dataset.credit, maxZoom: 18 }).addTo(map);
    }
    map.fitBounds(way, { padding: [64, 48], maxZoom: 16 });
  }
  layer?.remove();
  layer = L.layerGroup().addTo(map);
  L.polyline(way, { className: "line", interactive: false }).addTo(layer);
  if (depot) {
    L.marker(depot.at, { icon: pin("depot", "⌂"), keyboard: false }).bindTooltip(named(depot.name)).addTo(layer);
  }
  for (const spot of spots) {
    const marker = L.marker(spot.at, { icon: pin(spot.left ? "left" : "made", spot.label), title: spot.name, alt: `${spot.label} ${spot.name}` });
    marker.bindTooltip(named(spot.name), { permanent: spots.length <= 8, direction: "bottom", offset: [0, 14] });
    marker.on("click", () => document.getElementById(`stop-${spot.stop}`)?.scrollIntoView({ behavior: "smooth" }));
    marker.addTo(layer);
  }
  drawn = box.dataset.way;
}
