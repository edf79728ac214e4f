// How everything stands now: providers, ledger, config, and what models cost.

import { get } from "./api.js";
import { badge, make, table } from "./dom.js";
import { count, size, usd, when } from "./format.js";

const CIRCUITS = { closed: ["good", "well"], ramp: ["mid", "coming back"], half_open: ["mid", "being probed"], open: ["bad", "left alone"] };

function providers(rows) {
  return table([
    ["Provider", (row) => row.provider, "name"],
    ["Stands", (row) => (row.called ? badge(...CIRCUITS[row.circuit]) : badge("off", "not called yet")), ""],
    ["Calls under way", (row) => count(row.in_flight), "n"],
    ["Resting", (row) => (row.resting ? make("span", { class: "warn" }, count(row.resting)) : "–"), "n"],
    ["Models", (row) => count(row.models), "n"],
    ["Keys", (row) => count(row.keys), "n"],
  ], rows, "Providers");
}

function pairs(rows) {
  return make("dl", {}, rows.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function ledger(found) {
  if (found.state === "off") return pairs([["State", badge("off", "off")]]);
  const well = found.state === "ok" && !found.trouble;
  return pairs([
    ["State", badge(well ? "good" : "bad", found.trouble || found.state)], ["What to do", found.fix],
    ["Kept in", found.place],
    ["Unrecorded", found.unrecorded ? make("span", { class: "badtext" }, count(found.unrecorded)) : "none"],
    ["Waiting", count(found.waiting)], ["Size", found.size_bytes ? size(found.size_bytes) : null], ["Holds", found.first_at ? `${when(found.first_at)} to ${when(found.last_at)}` : "nothing yet"],
  ]);
}

function process(found) {
  const { config, queue, workers } = found;
  return pairs([
    ["Version", found.version], ["Config", config.source], ["In force since", when(config.since)],
    ["Problems", config.problems.length ? make("span", { class: "badtext" }, config.problems.join("; ")) : "none"],
    ["Under way", `${count(queue.inside)} of ${count(queue.inside_max)}` + (queue.waiting ? `, ${count(queue.waiting)} wait` : "")],
    ["Workers", workers.length ? workers.map((one) => `${one.worker}: ${one.state}`).join(", ") : null],
    ["Virtual keys", found.keys_demanded ? "demanded of every caller" : "not demanded: none was made"],
  ]);
}

function prices(found) {
  const rate = (name) => (row) => (row.known ? usd(row.usd_per_million[name]) : make("span", { class: "warn" }, "unknown"));
  const from = (row) => {
    if (!row.known) return "–";
    return row.source && /^https:/.test(row.source)
      ? make("a", { href: row.source, rel: "noreferrer noopener", target: "_blank" }, row.date || "page") : row.date || "config";
  };
  return table([
    ["Model", (row) => `${row.provider}/${row.model}`, "name"],
    ["Input", rate("input"), "n"], ["Cached", rate("cached"), "n"], ["Output", rate("output"), "n"],
    ["As of", from, ""],
  ], found.data, "Prices");
}

export async function health() {
  const [found, priced] = await Promise.all([get("standing"), get("prices")]);
  return [
    make("div", { class: "top" }, make("h1", {}, "Health"), make("span", { class: "soft small" }, found.workers.length ? "as the worker that answered sees it" : "")),
    make("section", { class: "sheet" }, make("header", {}, make("h2", {}, "Providers")), providers(found.providers)),
    make("div", { class: "columns" },
      make("section", { class: "sheet" }, make("header", {}, make("h2", {}, "Gateway")), make("div", { class: "pad" }, process(found))),
      make("section", { class: "sheet" }, make("header", {}, make("h2", {}, "Ledger")), make("div", { class: "pad" }, ledger(found.ledger)))),
    make("section", { class: "sheet" }, make("header", {}, make("h2", {}, "Prices"), make("span", { class: "soft small" }, "dollars a million tokens")), prices(priced)),
  ];
}
