// What a watch tells, as it comes. Nothing is asked for but this view's own server.

const ROWS_MAX = 100;
const NUMBERS = [
  ["at_s", "recording", (n) => `${n.toFixed(1)} s`],
  ["events_per_s", "events", (n) => `${(n / 1e6).toFixed(2)} M/s`],
  ["tracks", "tracks", String],
  ["captions", "captions", String],
  ["by_template", "by template", String],
  ["waiting", "waiting", String],
];

const there = (id) => document.getElementById(id);
const search = location.search;

function element(name, text, ...inside) {
  const made = document.createElement(name);
  if (text !== null) made.textContent = text;
  made.append(...inside);
  return made;
}

function showState(text, live = false) {
  there("state").textContent = text;
  there("state").classList.toggle("live", live);
}

function showStanding(standing) {
  const [width, height] = standing.size;
  there("recording").textContent = `${standing.recording} · ${width}×${height} · ${standing.model}`;
  document.title = `${standing.recording} · Heliograph`;
  there("numbers").replaceChildren(
    ...NUMBERS.map(([name, told, write]) =>
      element("div", null, element("dt", told), element("dd", write(standing[name]))),
    ),
  );
  showState(standing.ended ? "the watch has ended" : "live", !standing.ended);
}

function showCaption(caption) {
  const row = element("li", caption.text || `failed: ${caption.error}`);
  row.classList.toggle("failed", !caption.text);
  const by = [caption.provider, caption.model].filter(Boolean).join("/");
  const facts = [`${caption.at_s.toFixed(2)} s`, `track ${caption.track}`, by || caption.rung];
  // The rung below tells why it had to answer.
  if (caption.text && caption.error !== null) facts.push(caption.error);
  row.append(element("small", facts.filter(Boolean).join(" · ")));
  const list = there("captions");
  list.prepend(row);
  while (list.childElementCount > ROWS_MAX) list.lastElementChild.remove();
  there("none").hidden = true;
}

const tellings = new EventSource(`tellings${search}`);
tellings.addEventListener("open", () => {
  // Whoever comes again is told all captions again.
  there("captions").replaceChildren();
  there("frames").src = `frames${search}&n=${Date.now()}`;
  showState("live", true);
});
tellings.addEventListener("standing", (event) => showStanding(JSON.parse(event.data)));
tellings.addEventListener("caption", (event) => showCaption(JSON.parse(event.data)));
tellings.addEventListener("error", () => {
  if (there("state").textContent === "the watch has ended") return;
  showState("connection lost, trying again …");
});
