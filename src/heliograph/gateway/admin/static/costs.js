// What was spent: by time, and by whatever is chosen.

import { address, get } from "./api.js";
import { chart } from "./chart.js";
import { make, select, table } from "./dom.js";
import { count, short, usd } from "./format.js";

const TIMES = [["24h", "24 hours"], ["7d", "7 days"], ["30d", "30 days"], ["90d", "90 days"], ["365d", "a year"]];
const BY = ["model", "provider", "route", "owner", "team", "project", "camera", "tag", "key", "day"];
const NARROWING = ["model", "provider", "route", "team", "project", "camera", "tag", "key"];
const HOURS_AT_MOST = 48;
const HOUR_MS = 3_600_000;

function steps(found, byHour) {
  const length = byHour ? HOUR_MS : 24 * HOUR_MS;
  const name = byHour ? "hour" : "day";
  const known = new Map(found.data.map((row) => [new Date(row[name]).getTime(), row]));
  const first = Math.floor(new Date(found.since) / length) * length;
  const rows = [];
  for (let at = first; at < new Date(found.until); at += length) {
    const row = known.get(at);
    const moment = new Date(at);
    const date = moment.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: byHour ? undefined : "UTC" });
    const hour = moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    rows.push({
      label: byHour ? `${date} ${hour}` : date, tick: byHour ? hour : date,
      value: row ? Number(row.cost_usd) : 0, exact: row ? row.cost_usd : "0",
      exchanges: row ? row.exchanges : 0, unknown: row ? row.unknown_costs : 0,
    });
  }
  return rows;
}

function tiles(total) {
  const unknown = total.unknown_costs;
  const tile = (title, value, under, kind) => make("div", { class: "tile" },
    make("span", { class: "soft small" }, title), make("b", { class: kind }, value), make("span", { class: "soft small" }, under));
  return make("section", { class: "sheet tiles", "aria-label": "Sums" },
    tile("Spent", usd(total.cost_usd), unknown ? "of what is known" : "all costs are known"),
    tile("Cost unknown", unknown ? count(unknown) : "none", unknown ? "calls, in no sum here" : "every call has its price", unknown ? "warn" : ""),
    tile("Exchanges", short(total.exchanges), `${short(total.answered)} answered`),
    tile("Calls", short(total.attempts), `${short(total.failed_attempts)} failed`),
    tile("Tokens", short(total.input_tokens + total.output_tokens), `${short(total.input_tokens)} in, ${short(total.output_tokens)} out`));
}

function breakdown(found, by, asked, go) {
  if (!found.data.length) {
    return make("p", { class: "empty" }, "Nothing was asked in this time. What callers ask shows here within a second.");
  }
  const most = Math.max(...found.data.map((row) => Number(row.cost_usd)));
  const canNarrow = NARROWING.includes(by);
  const name = (row) => {
    const text = row[by] || "(none)";
    if (!canNarrow || !row[by]) return text;
    return make("button", { type: "button", class: "link", title: `Only ${by} ${text}`, on: { click: () => go({ ...asked, [by]: row[by] }) } }, text);
  };
  const unknown = (row) => (row.unknown_costs
    ? make("span", { class: "warn", title: "Calls whose cost is not known: no price, or no usage told" }, `${count(row.unknown_costs)} unknown`) : "–");
  const share = (row) => make("span", { class: "track" },
    make("i", { style: { width: `${most ? (100 * Number(row.cost_usd)) / most : 0}%` } }));
  const cost = (row) => (row.unknown_costs && Number(row.cost_usd) === 0 ? make("span", { class: "warn" }, "unknown") : usd(row.cost_usd));
  return table([
    [by[0].toUpperCase() + by.slice(1), name, "name"],
    ["", share, "share"],
    ["Cost", cost, "n"],
    ["Unknown", unknown, "n"],
    ["Exchanges", (row) => count(row.exchanges), "n"],
    ["Input", (row) => short(row.input_tokens), "n"],
    ["Output", (row) => short(row.output_tokens), "n"],
  ], found.data, `Costs by ${by}`);
}

export async function costs(asked, go) {
  const since = asked.since || "7d";
  const by = BY.includes(asked.by) ? asked.by : "model";
  const narrowed = Object.fromEntries(NARROWING.filter((name) => asked[name]).map((name) => [name, asked[name]]));
  const byHour = /^\d+h$/.test(since) && parseInt(since, 10) <= HOURS_AT_MOST;
  const [time, found] = await Promise.all([
    get("costs", { by: byHour ? "hour" : "day", since, limit: 1000, ...narrowed }),
    get("costs", { by, since, limit: 200, ...narrowed }),
  ]);
  const chips = Object.entries(narrowed).map(([name, value]) => make("span", { class: "chip" }, `${name}: ${value}`,
    make("button", { type: "button", "aria-label": `All ${name}s again`, on: { click: () => go({ ...asked, [name]: undefined }) } }, "✕")));
  return [
    make("div", { class: "top" }, make("h1", {}, "Costs"), chips, make("span", { class: "spring" }),
      make("div", { class: "filters" },
        select("Time", since, TIMES, (value) => go({ ...asked, since: value })),
        select("By", by, BY.map((name) => [name, name]), (value) => go({ ...asked, by: value })),
        make("a", { class: "button", href: address("costs", { by, since, ...narrowed, format: "csv" }), download: `costs-by-${by}.csv` }, "CSV"))),
    tiles(found.total),
    make("section", { class: "sheet" }, make("header", {}, make("h2", {}, byHour ? "By hour" : "By day (UTC)"),
      found.total.unknown_costs ? make("span", { class: "soft small key" }, "and calls of unknown cost") : null),
      chart(steps(time, byHour), `Cost by ${byHour ? "hour" : "day"}`)),
    make("section", { class: "sheet" }, make("header", {}, make("h2", {}, `By ${by}`)), breakdown(found, by, asked, go),
      found.left_out ? make("p", { class: "foot" }, `${count(found.left_out)} more rows are in the CSV.`) : null,
      by === "tag" ? make("p", { class: "foot small" }, "An exchange with several tags stands in the row of each.") : null),
  ];
}
