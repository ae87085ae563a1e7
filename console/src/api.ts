// The desk interface (docs/protocol/desk.md, openapi.yaml): POST /v1/ACT?name=value…, one JSON object back. What only reads goes in
// the session; everything else is signed with the person's key besides.
import { base64, hex, sha256, utf8, type Bytes } from "./bytes";
import { sign, type Person } from "./keys";

export type Params = Record<string, string>;
export type Failure = { kind: "refused" | "line" | "session" | "locked"; detail: string; code: string };

export class ActError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.detail);
  }
}

let person: Person | null = null;

export const unlocked = (): Person | null => person;

export function setPerson(p: Person | null): void {
  person = p;
}

/** Called when the session has ended or a key is needed: the page asks for it without losing what was typed. */
export const signInNeeded = { ask: (_why: Failure): void => undefined };

const query = (params: Params): string =>
  Object.entries(params).filter(([, v]) => v !== "").map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).join("&");

async function header(act: string, q: string, body: Bytes, who: Person): Promise<string> {
  const ms = Date.now(), nonce = hex(crypto.getRandomValues(new Uint8Array(16)));
  const text = `entente-desk/v1\n${act}\n${q}\n${who.name}\n${ms}\n${nonce}\n${hex(await sha256(body))}\n`;
  return `${who.name} ${ms} ${nonce} ${base64(await sign(who, text))}`;
}

async function send<T>(act: string, params: Params, body: Bytes, who: Person | null, byItself = false): Promise<T> {
  const q = query(params);
  const headers: Record<string, string> = { "Content-Type": "application/octet-stream" };
  if (byItself) headers["Entente-By-Itself"] = "1"; // the page looks again: nobody used the session
  if (who) headers["Entente-As"] = await header(act, q, body, who);
  let response: Response, json: unknown;
  try {
    response = await fetch(`/v1/${act}${q ? `?${q}` : ""}`, { method: "POST", headers, body, credentials: "same-origin", cache: "no-store", redirect: "error" });
    json = await response.json();
  } catch {
    throw new ActError({ kind: "line", detail: "", code: "" });
  }
  if (response.ok) return json as T;
  const { error = "", detail = "" } = json as { error?: string; detail?: string };
  throw new ActError({ kind: response.status === 401 ? "session" : "refused", detail, code: error });
}

let sessions = 0; // opened by this page

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  const began = sessions;
  try {
    return await work();
  } catch (e) {
    // What was sent before the person signed in again, and refused, is sent once more: the page has a session now.
    if (e instanceof ActError && e.failure.kind === "session" && began !== sessions) return work();
    if (e instanceof ActError && e.failure.kind === "session") signInNeeded.ask(e.failure);
    throw e;
  }
}

const nothing = utf8("");

/** An act that only reads. byItself: the page looks again without its person. */
export const read = <T>(act: string, params: Params = {}, byItself = false): Promise<T> => guarded(() => send<T>(act, params, nothing, null, byItself));

/** An act that changes something, or searches: signed. */
export function act<T>(name: string, params: Params = {}, body: Bytes = nothing): Promise<T> {
  return guarded(async () => {
    if (person) return send<T>(name, params, body, person);
    const failure: Failure = { kind: "locked", detail: "", code: "" };
    signInNeeded.ask(failure);
    throw new ActError(failure);
  });
}

export type Session = { name: string; role: Role; until: string; "idle-seconds": number; node: string; contact: string };
export type Role = "custodian" | "officer" | "examiner" | "auditor" | "operator";

export async function openSession(who: Person): Promise<Session> {
  const session = await send<Session>("session-open", {}, nothing, who);
  sessions++;
  return session;
}
export const currentSession = (): Promise<Session> => send<Session>("session", {}, nothing, null);
export const closeSession = (): Promise<unknown> => send("session-close", {}, nothing, null).catch(() => undefined);
/** A signature over a text of the person's own, as an examiner gives it. */
export async function signText(text: string): Promise<string> {
  if (person) return base64(await sign(person, text));
  const failure: Failure = { kind: "locked", detail: "", code: "" };
  signInNeeded.ask(failure);
  throw new ActError(failure);
}
