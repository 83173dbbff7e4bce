// The token, and requests with it. It comes in the URL's fragment, which no server sees, and is taken out of the address bar.

const KEPT = "trading-ecosystem.token";

export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEPT, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEPT);
}

export function keepToken(token) {
  sessionStorage.setItem(KEPT, token);
}

export function forgetToken() {
  sessionStorage.removeItem(KEPT);
}

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `the server answered ${status}`);
    this.status = status;
    this.reason = problem.reason ?? null;
  }
}

let position = null;

// One request. Resolves to the decoded answer; rejects with Refused. What was written last is waited for by every later read.
export async function request(method, path, body) {
  const headers = { authorization: `Bearer ${sessionStorage.getItem(KEPT)}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (position && method === "GET") headers["x-position"] = position;
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Refused(0, { detail: "the server cannot be reached" });
  }
  position = answer.headers.get("x-position") ?? position;
  const text = await answer.text();
  let decoded = {};
  try {
    decoded = text ? JSON.parse(text) : {};
  } catch {
    decoded = {};
  }
  if (!answer.ok) throw new Refused(answer.status, decoded);
  return decoded;
}

export const get = (path) => request("GET", path);
export const post = (path, body) => request("POST", path, body);
export const remove = (path) => request("DELETE", path);
export const inPath = (symbol) => symbol.replace("/", "-");
