// Budgets as bars: spent, reserved by calls under way, and when they begin anew.

import { get } from "./api.js";
import { make } from "./dom.js";
import { count, until, usd, when } from "./format.js";

const FULL = 0.9999;

function write(cap, value) {
  return cap.kind === "usd" ? usd(value) : count(value);
}

function name(cap) {
  const kind = { usd: "Dollars", tokens: "Tokens", requests: "Requests", concurrent: "At once" }[cap.kind];
  return cap.per ? `${kind} / ${cap.per}` : kind;
}

function bar(cap) {
  const part = (value) => Math.min(100, (100 * Number(value)) / Number(cap.limit || 1));
  const spent = part(cap.spent);
  const held = Math.min(100 - spent, part(cap.reserved));
  const over = cap.used >= FULL;
  const told = `${write(cap, cap.spent)} of ${write(cap, cap.limit)}`;
  const resets = cap.resets_at ? `${cap.window === "rolling" ? "frees" : "resets"} ${until(cap.resets_at)}` : "";
  return make("div", { class: "call" },
    make("div", { class: "line" }, make("b", {}, name(cap)), make("span", { class: over ? "badtext" : "" }, cap.kind === "concurrent" ? `${count(cap.reserved)} of ${count(cap.limit)}` : told)),
    make("span", { class: "track tall", role: "meter", "aria-label": name(cap), "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(100 * cap.used) },
      make("i", { class: over ? "over" : "", style: { width: `${spent}%` } }),
      make("i", { class: "held", style: { left: `${spent}%`, width: `${held}%` } })),
    make("div", { class: "line soft small" },
      make("span", {}, `${write(cap, cap.left)} left` + (Number(cap.reserved) && cap.kind !== "concurrent" ? `, ${write(cap, cap.reserved)} reserved` : "")),
      make("span", { title: cap.resets_at ? when(cap.resets_at) : null }, resets)));
}

function card(budget, names) {
  const whom = Object.entries(budget.for).map(([kind, value]) => `${kind} ${value}`).join(", ");
  const key = budget.name.startsWith("key ") ? names.get(budget.name.slice(4)) : null;
  const over = budget.on_cap === "refuse" ? "refuses when full" : `falls to ${budget.on_cap} when full`;
  return make("section", { class: "sheet", "data-budget": budget.name },
    make("header", {}, make("h2", {}, key ? `Key ${key}` : budget.name), make("span", { class: "soft small" }, [key ? "" : whom || "everybody", over].filter(Boolean).join(" · "))),
    make("div", { class: "pad calls" }, budget.caps.map(bar)));
}

export async function budgets() {
  const [found, keys] = await Promise.all([get("budgets"), get("keys", { limit: 1000 })]);
  const names = new Map(keys.data.map((key) => [key.id, key.name]));
  const cards = found.data.map((budget) => card(budget, names));
  return [
    make("div", { class: "top" }, make("h1", {}, "Budgets")),
    cards.length ? make("div", { class: "columns" }, cards)
      : make("section", { class: "sheet" }, make("p", { class: "empty" }, "Nothing is bounded: write budgets in the config, or give a virtual key limits.")),
    found.left_out ? make("p", { class: "soft" }, `${count(found.left_out)} more budgets are not shown.`) : null,
  ];
}
