// Make `old` like `fresh`, touching only what differs: nothing flickers, and bars glide to their new length. What people
// have opened stays open, and what a script draws itself (`data-own`) is left alone.
export function patch(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.hasAttribute("data-own") && fresh.hasAttribute("data-own")) return;
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const [had, wanted] = [[...old.childNodes], [...fresh.childNodes]];
  wanted.forEach((node, n) => (n < had.length ? patch(had[n], node) : old.append(node)));
  had.slice(wanted.length).forEach((node) => node.remove());
}
