// The newest exchanges, narrowed down; one of them with its calls.

import { get } from "./api.js";
import { badge, dialog, make, select, table, toast } from "./dom.js";
import { count, lasting, owner, usd, when } from "./format.js";
import { older, page } from "./paging.js";

const OUTCOMES = [["", "any"], ["answered", "answered"], ["failed", "failed"], ["refused", "refused"], ["client_gone", "caller left"]];
const KINDS = { answered: "good", failed: "bad", refused: "mid", client_gone: "off" };
const WORDS = { client_gone: "caller left" };
const TEXTS = ["provider", "model", "team", "tag", "error"];

const answered = (row) => (row.model ? `${row.provider}/${row.model}` : null);

function cost(row) {
  if (!row.unknown_costs) return usd(row.cost_usd);
  return make("span", { class: "warn", title: `${row.unknown_costs} calls of unknown cost` },
    Number(row.known_cost_usd) ? `${usd(row.known_cost_usd)} + ?` : "unknown");
}

function model(row, names) {
  const who = [names.get(row.virtual_key), owner(row)].filter(Boolean).join(" · ");
  const text = answered(row) || row.asked_model || "(no model)";
  const via = answered(row) && row.asked_model !== answered(row) ? `asked ${row.asked_model}` : null;
  return make("div", {},
    make("button", { type: "button", class: "link", on: { click: () => detail(row.id, names) } }, text),
    make("div", { class: "soft small" }, [via, who, row.tags.join(", ")].filter(Boolean).join(" · ")));
}

function rowsOf(rows, names) {
  return table([
    ["Model", (row) => model(row, names), "name"],
    ["Outcome", (row) => badge(KINDS[row.outcome], row.error ? row.error.kind : WORDS[row.outcome] || row.outcome), "line"],
    ["When", (row) => make("time", { datetime: row.started_at, title: row.started_at }, when(row.started_at)), ""],
    ["Took", (row) => lasting(row.duration_ms), "n"],
    ["Input", (row) => count(row.input_tokens), "n"],
    ["Output", (row) => count(row.output_tokens), "n"],
    ["Cost", cost, "n"],
  ], rows, "Exchanges");
}

function call(attempt, whole, place) {
  const start = Math.min(100, (100 * attempt.started_ms) / whole);
  const end = attempt.ended_ms === null ? 100 : Math.min(100, (100 * attempt.ended_ms) / whole);
  const lost = attempt.error !== null;
  const cost = attempt.cost_usd === null ? (attempt.cost_basis || "unknown").replace("_", " ") : usd(attempt.cost_usd);
  const basis = attempt.cost_basis && attempt.cost_usd !== null && attempt.cost_basis !== "usage" ? ` (${attempt.cost_basis})` : "";
  return make("div", { class: "call" },
    make("div", { class: "line" }, make("b", {}, `${place + 1}. ${attempt.provider}/${attempt.model}`),
      badge(lost ? "bad" : "good", lost ? attempt.error.kind : "answered")),
    make("span", { class: "track" }, make("i", { class: lost ? "bad" : "good", style: { left: `${start}%`, right: "auto", width: `${Math.max(0.5, end - start)}%` } })),
    make("div", { class: "line soft small" },
      make("span", {}, `from ${lasting(attempt.started_ms)} to ${attempt.ended_ms === null ? "?" : lasting(attempt.ended_ms)}` + (attempt.provider_key ? ` · key ${attempt.provider_key}` : "")),
      make("span", {}, `${count(attempt.input_tokens)} in, ${count(attempt.output_tokens)} out · ${cost}${basis}`)));
}

async function detail(id, names) {
  let row;
  try {
    row = await get(`exchanges/${id}`);
  } catch (error) {
    toast(error.message);
    return;
  }
  const pairs = [
    ["Outcome", badge(KINDS[row.outcome], `${WORDS[row.outcome] || row.outcome}, status ${row.status}`)],
    ["Error", row.error ? `${row.error.kind} (blame: ${row.error.blame})` : null],
    ["Began", new Date(row.started_at).toLocaleString("en-GB")],
    ["Took", `${lasting(row.duration_ms)}` + (row.first_byte_ms === null ? "" : `, first byte after ${lasting(row.first_byte_ms)}`)],
    ["Asked for", row.asked_model || null], ["Answered by", answered(row)], ["Route", row.route],
    ["Virtual key", row.virtual_key ? names.get(row.virtual_key) || row.virtual_key : null],
    ["Owner", owner(row) || null], ["Tags", row.tags.join(", ") || null],
    ["Tokens", row.input_tokens === null ? "not told" : `${count(row.input_tokens)} in (${count(row.cached_tokens)} cached), ${count(row.output_tokens)} out (${count(row.reasoning_tokens)} reasoning)`],
    ["Cost", cost(row)], ["Finish", row.finish], ["Rescued", row.rescue], ["Request id", make("code", {}, row.request_id)],
  ];
  const whole = Math.max(row.duration_ms, ...row.attempts.map((one) => one.ended_ms || 0), 0.001);
  dialog(`Exchange, ${when(row.started_at)}`,
    make("dl", {}, pairs.filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
    make("h2", {}, row.attempts.length === 1 ? "1 call" : `${row.attempts.length} calls`),
    make("div", { class: "calls" }, row.attempts.length ? row.attempts.map((one, place) => call(one, whole, place)) : make("p", { class: "soft" }, "Nobody was called.")),
    row.request === null ? null : [make("h2", {}, "Request"), make("pre", {}, row.request), make("h2", {}, "Answer"), make("pre", {}, row.answer)]);
}

function foot(asked, next, rows, names, place) {
  const more = async () => {
    const found = await page("exchanges", asked, next);
    rows.push(...found.rows);
    place.replaceChildren(rowsOf(rows, names), ...foot(asked, found.next, rows, names, place));
  };
  return [make("p", { class: "foot" }, make("span", {}, `${count(rows.length)} shown`),
    next === null ? "That is all." : older(more))];
}

export async function exchanges(asked, go) {
  const narrowed = Object.fromEntries(["outcome", "key", ...TEXTS].filter((name) => asked[name]).map((name) => [name, asked[name]]));
  const [found, keys] = await Promise.all([page("exchanges", narrowed, undefined), get("keys", { limit: 1000 })]);
  const names = new Map(keys.data.map((key) => [key.id, key.name]));
  const inputs = TEXTS.map((name) => make("label", {}, name[0].toUpperCase() + name.slice(1),
    make("input", { name, value: asked[name] || "", placeholder: name === "error" ? "any, or a kind" : "" })));
  const form = make("form", { class: "filters pad", on: {
    submit: (event) => {
      event.preventDefault();
      go({ ...asked, ...Object.fromEntries(TEXTS.map((name) => [name, form.elements[name].value.trim()])) });
    },
  } },
  select("Outcome", asked.outcome || "", OUTCOMES, (value) => go({ ...asked, outcome: value })),
  keys.data.length ? select("Key", asked.key || "", [["", "any"], ...keys.data.map((key) => [key.id, key.name])], (value) => go({ ...asked, key: value })) : null,
  inputs, make("button", { type: "submit" }, "Find"));
  const place = make("div", {});
  place.append(...(found.rows.length
    ? [rowsOf(found.rows, names), ...foot(narrowed, found.next, found.rows, names, place)]
    : [make("p", { class: "empty" }, "No such exchange.")]));
  return [make("div", { class: "top" }, make("h1", {}, "Exchanges")), make("section", { class: "sheet" }, form, place)];
}
