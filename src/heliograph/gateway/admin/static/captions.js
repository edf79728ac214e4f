// What cameras were told, the newest first.

import { badge, make } from "./dom.js";
import { count, usd, when } from "./format.js";
import { older, page } from "./paging.js";

const TEXTS = ["camera", "zone", "class"];

const by = (row) => (row.model ? `${row.provider}/${row.model}` : null);

function text(row) {
  if (row.text !== null) return make("p", { class: "said" }, row.text);
  if (row.error) return badge("bad", row.error.kind);
  return make("p", { class: "said soft" }, "not kept");
}

function item(row) {
  const way = row.direction && row.direction !== "none" ? row.direction : null;
  const place = [row.camera, row.class, ...row.zones, way].filter(Boolean).join(" · ");
  const cost = row.unknown_costs ? "unknown cost" : usd(row.cost_usd);
  return make("li", {},
    make("time", { datetime: row.started_at, title: row.started_at, class: "soft small" }, when(row.started_at)),
    make("div", {}, text(row),
      make("div", { class: "soft small" }, [place, by(row), cost].filter(Boolean).join(" · "))));
}

function end(asked, next, list, foot) {
  const more = async () => {
    const found = await page("captions", asked, next);
    list.append(...found.rows.map(item));
    foot.replaceChildren(...end(asked, found.next, list, foot));
  };
  return [make("span", {}, `${count(list.childElementCount)} shown`), next === null ? "That is all." : older(more)];
}

function none(narrowed) {
  const said = Object.keys(narrowed).length ? "No such caption." : "No camera has asked yet: `heliograph watch` sends what it sees here.";
  return make("p", { class: "empty" }, said);
}

export async function captions(asked, go) {
  const narrowed = Object.fromEntries(TEXTS.filter((name) => asked[name]).map((name) => [name, asked[name]]));
  const found = await page("captions", narrowed, undefined);
  const inputs = TEXTS.map((name) => make("label", {}, name[0].toUpperCase() + name.slice(1),
    make("input", { name, value: asked[name] || "" })));
  const form = make("form", { class: "filters pad", on: {
    submit: (event) => {
      event.preventDefault();
      go(Object.fromEntries(TEXTS.map((name) => [name, form.elements[name].value.trim()])));
    },
  } }, inputs, make("button", { type: "submit" }, "Find"));
  const list = make("ol", { class: "captions" }, found.rows.map(item));
  const foot = make("p", { class: "foot" });
  foot.append(...end(narrowed, found.next, list, foot));
  const silent = found.rows.length > 0 && found.rows.every((row) => row.text === null);
  return [make("div", { class: "top" }, make("h1", {}, "Captions")),
    silent ? make("p", { class: "notice" }, "What models say is not kept here: set ", make("code", {}, "ledger.bodies"), " in the gateway's configuration.") : null,
    make("section", { class: "sheet" }, form, found.rows.length ? [list, foot] : none(narrowed))];
}
