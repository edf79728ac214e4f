// The way to the API: the session is in a cookie that no script sees; the token of it,
// which every change must carry, lives here and nowhere else.

const API = "/admin/api/v1";
let token = null;

export class ApiError extends Error {
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.fix = error.fix;
    this.field = error.field;
  }
}

async function ask(path, method, body) {
  const headers = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && token !== null) headers["x-heliograph-csrf"] = token;
  let answer;
  try {
    answer = await fetch(path, {
      method, headers, credentials: "same-origin", body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, { code: "unreachable", message: "The gateway does not answer.", fix: "See whether it runs, then refresh." });
  }
  const said = await answer.json().catch(() => null);
  if (answer.ok) return said;
  const error = (said && said.error) || { code: "unknown", message: `The gateway answered ${answer.status}.`, fix: "" };
  if (answer.status === 401 && token !== null) {
    token = null;
    window.dispatchEvent(new Event("session-over"));
  }
  throw new ApiError(answer.status, error);
}

export function query(members) {
  const pairs = Object.entries(members).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return new URLSearchParams(pairs).toString();
}

export const get = (path, members = {}) => ask(`${API}/${path}?${query(members)}`, "GET");
export const post = (path, body) => ask(`${API}/${path}`, "POST", body);
export const address = (path, members) => `${API}/${path}?${query(members)}`;

export async function login(key) {
  token = (await ask("/admin/session", "POST", { key })).csrf;
}

export async function resume() {
  token = (await ask("/admin/session", "GET")).csrf;
  return token !== null;
}

export async function logout() {
  await ask("/admin/session", "DELETE");
  token = null;
}
