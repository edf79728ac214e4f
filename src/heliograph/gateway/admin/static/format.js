// How numbers are written. Money comes as exact text, and is rounded only to be read.

export function usd(text) {
  if (text === null || text === undefined) return "unknown";
  const value = Number(text);
  if (value === 0) return "$0";
  const digits = value >= 100 ? 2 : value >= 1 ? 2 : value >= 0.01 ? 4 : 6;
  if (value < 0.000001) return "<$0.000001";
  return `$${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: digits })}`;
}

export const count = (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en-US"));

export function short(value) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat("en-US", { notation: value >= 10_000 ? "compact" : "standard", maximumFractionDigits: 1 }).format(value);
}

export function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toLocaleString("en-US", { maximumFractionDigits: 1 })} MB`;
}

export function lasting(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1) return "<1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

export function when(text) {
  if (!text) return "–";
  const at = new Date(text);
  const sameDay = at.toDateString() === new Date().toDateString();
  const clock = at.toLocaleTimeString("en-GB");
  return sameDay ? clock : `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${clock}`;
}

export function day(text) {
  return text ? new Date(text).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" }) : "never";
}

export function until(text) {
  if (!text) return "";
  const left = (new Date(text) - Date.now()) / 1000;
  if (left <= 0) return "now";
  if (left < 90) return `in ${Math.ceil(left)} s`;
  if (left < 5400) return `in ${Math.round(left / 60)} min`;
  if (left < 129_600) return `in ${Math.round(left / 3600)} h`;
  return `in ${Math.round(left / 86_400)} days`;
}

export const owner = (row) => [row.team, row.project, row.camera].filter(Boolean).join(" / ");
