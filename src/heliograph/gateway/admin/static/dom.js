// Elements are made of text, never of markup: what callers and models said stays text.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, members, children) {
  for (const [name, value] of Object.entries(members || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "style") {
      for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function make(tag, members, ...children) {
  return filled(document.createElement(tag), members, children);
}

export function draw(tag, members, ...children) {
  return filled(document.createElementNS(SVG, tag), members, children);
}

export function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  place.classList.add("on");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => place.classList.remove("on"), 4000);
}

export function trouble(error) {
  return make("p", { class: "notice bad", role: "alert" },
    make("b", {}, error.message), error.fix ? [make("br"), make("span", { class: "soft" }, error.fix)] : null);
}

// A table that becomes cards where it is narrow. Columns: [title, cell of a row, class].
export function table(columns, rows, name) {
  const head = columns.map(([title, , kind]) => make("th", { scope: "col", class: kind }, title));
  const body = rows.map((row) => make("tr", {}, columns.map(([title, cell, kind]) =>
    make("td", { class: kind, "data-label": title }, cell(row)))));
  return make("div", { class: "wide" },
    make("table", { class: "cards", "aria-label": name }, make("thead", {}, make("tr", {}, head)), make("tbody", {}, body)));
}

export function badge(kind, text) {
  return make("span", { class: `badge ${kind}` }, make("span", {}, text));
}

export function select(label, value, options, changed) {
  const field = make("select", { on: { change: () => changed(field.value) } },
    options.map(([name, text]) => make("option", { value: name, selected: name === value }, text)));
  return make("label", {}, label, field);
}

export function dialog(title, ...children) {
  const close = make("button", { type: "button", class: "quiet", "aria-label": "Close" }, "✕");
  const box = make("dialog", { "aria-label": title }, make("header", {}, make("h2", {}, title), close),
    make("div", { class: "pad" }, children));
  close.addEventListener("click", () => box.close());
  box.addEventListener("close", () => box.remove());
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  document.body.append(box);
  box.showModal();
  return box;
}
