// Virtual keys: made, shown once, revoked, given a new secret.

import { get, post } from "./api.js";
import { badge, dialog, make, table, toast, trouble } from "./dom.js";
import { count, day, owner } from "./format.js";

const KINDS = { active: "good", expired: "mid", revoked: "off" };
const LISTS = ["tag", "model", "route", "ip", "usd"];
const FIELDS = [
  ["name", "Name", "night-camera", "what it is called in records", true],
  ["team", "Team", "", ""], ["project", "Project", "", ""], ["camera", "Camera", "", ""],
  ["expires", "Expires", "never", "30d, or a last day such as 2027-01-31"],
  ["usd", "Dollars", "no limit", "5/day, or several: 5/day, 50/month"],
  ["rpm", "Requests a minute", "no limit", ""], ["tpm", "Tokens a minute", "no limit", ""],
  ["concurrent", "Requests at once", "no limit", ""],
  ["model", "Models", "all", "openai/gpt-4o, anthropic/*"], ["route", "Routes", "all", ""],
  ["ip", "From addresses", "anywhere", "10.0.0.0/8"], ["tag", "Tags", "none", "put on each of its exchanges"],
];

function limits(key) {
  const found = [...key.limits.usd.map((text) => `$${text}`)];
  if (key.limits.requests_per_minute !== null) found.push(`${count(key.limits.requests_per_minute)} req/min`);
  if (key.limits.tokens_per_minute !== null) found.push(`${count(key.limits.tokens_per_minute)} tok/min`);
  if (key.limits.concurrent_max !== null) found.push(`${count(key.limits.concurrent_max)} at once`);
  return found.join(", ") || "none";
}

function showSecret(title, secret, again) {
  const field = make("input", { readonly: true, value: secret, id: "secret", "aria-label": "The secret" });
  const copy = make("button", { type: "button", class: "first", on: {
    click: async () => {
      field.select();
      await navigator.clipboard.writeText(secret).then(() => toast("Copied."), () => toast("Select it and copy it yourself."));
    },
  } }, "Copy");
  const box = dialog(title,
    make("p", { class: "notice" }, "This is shown once. Only a hash of it is kept: who loses it needs another one."),
    make("div", { class: "secret" }, field, copy),
    make("p", { class: "soft small" }, "Callers send it as ", make("code", {}, "Authorization: Bearer hg-…"), ", as any OpenAI SDK sends its api_key."),
    make("div", { class: "act" }, make("button", { type: "button", id: "done", on: { click: () => box.close() } }, "I have it")));
  box.addEventListener("close", again);
  field.select();
}

function asked(form) {
  const body = {};
  for (const [name] of FIELDS) {
    const text = form.elements[name].value.trim();
    if (!text) continue;
    body[name] = LISTS.includes(name) ? text.split(/[\s,]+/).filter(Boolean) : text;
  }
  return body;
}

function create(again) {
  const said = make("div", {});
  const send = make("button", { type: "submit", class: "first" }, "Create key");
  const form = make("form", { class: "form", novalidate: true }, FIELDS.map(([name, title, placeholder, told, needed]) =>
    make("label", { class: needed ? "whole" : null }, title,
      make("input", { name, placeholder, required: needed, autocomplete: "off", spellcheck: "false" }),
      told ? make("small", {}, told) : null)),
  make("div", { class: "whole" }, said), make("div", { class: "whole act" }, send));
  const box = dialog("New virtual key", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    try {
      const made = await post("keys", { name: "", ...asked(form) });
      box.close();
      showSecret(`Key ${made.key.name}`, made.secret, again);
    } catch (error) {
      said.replaceChildren(trouble(error));
      const input = error.field && form.elements[error.field];
      if (input) {
        input.setAttribute("aria-invalid", "true");
        input.focus();
      }
    } finally {
      send.disabled = false;
    }
  });
  form.elements.name.focus();
}

function confirmed(title, text, doing, kind, act) {
  const said = make("div", {});
  const box = dialog(title, make("p", {}, text), said,
    make("div", { class: "act" }, make("button", { type: "button", on: { click: () => box.close() } }, "Cancel"),
      make("button", { type: "button", class: kind, id: "sure", on: {
        click: async () => {
          try {
            await act();
            box.close();
          } catch (error) {
            said.replaceChildren(trouble(error));
          }
        },
      } }, doing)));
}

function revoke(key, again) {
  confirmed(`Revoke ${key.name}?`, "Whoever holds it is refused at once, and for good. What it was used for stays on record.",
    "Revoke", "bad", async () => {
      await post(`keys/${key.id}/revoke`);
      toast(`${key.name} is revoked.`);
      again();
    });
}

function rotate(key, again) {
  confirmed(`New secret for ${key.name}?`, "The secret before stays good for 24 hours, so that its holders can change over.",
    "Make a new secret", "first", async () => {
      const made = await post(`keys/${key.id}/rotate`, { grace: "24h" });
      showSecret(`Key ${key.name}: new secret`, made.secret, again);
    });
}

function doing(key, again) {
  if (key.state === "revoked") return "";
  return make("span", { class: "act" },
    make("button", { type: "button", class: "quiet", "aria-label": `New secret for ${key.name}`, on: { click: () => rotate(key, again) } }, "Rotate"),
    make("button", { type: "button", class: "quiet bad", "aria-label": `Revoke ${key.name}`, on: { click: () => revoke(key, again) } }, "Revoke"));
}

const good = (key) => key.secrets.filter((one) => !one.ends_at || new Date(one.ends_at) > new Date());
const uses = (key) => [...key.models, ...key.routes].join(", ") || "everything";

export async function keys(_asked, go) {
  const found = await get("keys", { limit: 1000 });
  const again = () => go({});
  const order = { active: 0, expired: 1, revoked: 2 };
  const rows = [...found.data].sort((a, b) => order[a.state] - order[b.state] || a.name.localeCompare(b.name));
  const list = rows.length ? table([
    ["Name", (key) => make("div", {}, make("b", {}, key.name), make("div", { class: "soft small mono" }, key.id)), "name"],
    ["State", (key) => badge(KINDS[key.state], key.state), ""],
    ["Owner", (key) => owner(key) || "–", "line"],
    ["May use", uses, "line"],
    ["Limits", limits, "line"],
    ["Expires", (key) => day(key.expires_at), ""],
    ["Ends in", (key) => make("span", { class: "mono" }, good(key).map((one) => `…${one.ends_in}`).join(" ") || "–"), ""],
    ["", (key) => doing(key, again), "n doing"],
  ], rows, "Virtual keys") : make("div", { class: "empty" },
    make("p", {}, "No virtual key exists: whoever reaches the gateway may ask it."),
    make("p", {}, "With the first one, every caller needs one."));
  return [
    make("div", { class: "top" }, make("h1", {}, "Virtual keys"), make("span", { class: "spring" }),
      make("button", { type: "button", class: "first", id: "create", on: { click: () => create(again) } }, "Create key")),
    make("section", { class: "sheet" }, list),
  ];
}
