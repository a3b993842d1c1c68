// Answers of the crew that wait on this phone are sent from whatever page of ours is open.
async function sendWaiting() {
  if ((localStorage.getItem("sukusuku-answers") ?? "[]") === "[]") return;
  const answers = await import(`./round-answers.js${new URL(import.meta.url).search}`);
  await answers.send(() => {});
}

addEventListener("online", sendWaiting);
sendWaiting();
