// Shows the rooms anew every half minute, unless somebody is filling in a form or reading a table, or something is to be put right.
const EVERY_MS = 30_000;

const busy = () =>
  [...document.forms].some((form) => [...form.elements].some((field) => field.value !== field.defaultValue && field.name))
  || document.querySelector("form :focus, details[open], .error") !== null;

setInterval(() => {
  if (!document.hidden && !busy()) location.reload();
}, EVERY_MS);
