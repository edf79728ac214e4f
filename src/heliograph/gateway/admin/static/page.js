// The page: who is not logged in logs in; the part after # says which view is shown.

import { login, logout, query, resume } from "./api.js";
import { budgets } from "./budgets.js";
import { captions } from "./captions.js";
import { costs } from "./costs.js";
import { make, toast, trouble } from "./dom.js";
import { exchanges } from "./exchanges.js";
import { health } from "./health.js";
import { keys } from "./keys.js";

const VIEWS = { costs, exchanges, captions, keys, budgets, health };
const LIVE_MS = { budgets: 5000, health: 5000 };
const main = document.getElementById("main");
const bar = document.getElementById("bar");
const nav = document.getElementById("nav");
let turn = 0;
let timer = null;

function asked() {
  const [name, text] = location.hash.slice(1).split("?");
  return { name: name in VIEWS ? name : "costs", members: Object.fromEntries(new URLSearchParams(text || "")) };
}

async function show(quietly = false) {
  const mine = ++turn;
  clearTimeout(timer);
  const { name, members } = asked();
  for (const link of nav.children) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${name[0].toUpperCase()}${name.slice(1)} · Heliograph`;
  if (!quietly) main.classList.add("wait");
  const go = (changed) => {
    const hash = `#${name}?${query(changed)}`.replace(/\?$/, "");
    if (hash === location.hash) show();
    else location.hash = hash;
  };
  let found;
  try {
    found = await VIEWS[name](members, go);
  } catch (error) {
    found = error.status === 401 ? null : [trouble(error)];
  }
  if (mine !== turn) return;
  main.classList.remove("wait");
  if (found === null) return;
  main.dataset.view = name;
  main.replaceChildren(...found.flat().filter(Boolean));
  if (LIVE_MS[name]) timer = setTimeout(() => { if (!document.hidden) show(true); }, LIVE_MS[name]);
}

function enter() {
  bar.hidden = false;
  show();
}

function ask(why) {
  turn += 1;
  clearTimeout(timer);
  bar.hidden = true;
  document.title = "Heliograph";
  for (const box of document.querySelectorAll("dialog")) box.close();
  const said = make("div", {}, why || null);
  const field = make("input", { type: "password", name: "key", autocomplete: "current-password", required: true, placeholder: "hgadmin-…" });
  const send = make("button", { type: "submit", class: "first" }, "Log in");
  const form = make("form", { class: "sheet" },
    make("span", { class: "brand" }, make("img", { src: "/admin/static/mark.svg", alt: "", width: 26, height: 26 }), "Heliograph"),
    make("label", {}, "Admin key", field), said, send);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      await login(field.value);
      enter();
    } catch (error) {
      said.replaceChildren(trouble(error));
      field.select();
    } finally {
      send.disabled = false;
    }
  });
  delete main.dataset.view;
  main.classList.remove("wait");
  main.replaceChildren(make("div", { class: "login" }, form,
    make("p", { class: "soft small" }, "Made by ", make("code", {}, "heliograph keys admin create"), " on the gateway's machine.")));
  field.focus();
}

for (const name of Object.keys(VIEWS)) {
  nav.append(make("a", { href: `#${name}` }, name[0].toUpperCase() + name.slice(1)));
}
document.getElementById("again").addEventListener("click", () => show());
document.getElementById("leave").addEventListener("click", async () => {
  try {
    await logout();
  } catch (error) {
    if (error.status !== 401) { toast(error.message); return; }
  }
  ask();
});
window.addEventListener("hashchange", () => { if (!bar.hidden) { show(); main.focus({ preventScroll: true }); window.scrollTo(0, 0); } });
window.addEventListener("session-over", () => ask(make("p", { class: "notice" }, "The session is over. Log in again.")));
document.addEventListener("visibilitychange", () => { if (!document.hidden && !bar.hidden && LIVE_MS[asked().name]) show(true); });

resume().then(
  (known) => (known ? enter() : ask()),
  (error) => ask(trouble(error)),
);
