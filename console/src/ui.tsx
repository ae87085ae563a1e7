// The few parts that every page uses.
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useId, useRef, useState } from "preact/hooks";
import { ActError } from "./api";
import { say, texts as t } from "./texts";

export function Field(p: { label: string; hint?: string | undefined; children: (id: string, described: string | undefined) => ComponentChildren }) {
  const id = useId(), hint = `${id}h`;
  return <div>
    <label for={id}>{p.label}</label>
    {p.children(id, p.hint ? hint : undefined)}
    {p.hint && <p class="hint" id={hint}>{p.hint}</p>}
  </div>;
}

export function Note(p: { kind?: "bad" | "good" | undefined; children: ComponentChildren }) {
  return <div class={`note ${p.kind ?? ""}`} role={p.kind === "bad" ? "alert" : "status"}><div>{p.children}</div></div>;
}

/** What went wrong, and what to do, in words. */
export function explain(e: unknown): string {
  if (!(e instanceof ActError)) throw e;
  if (e.failure.kind === "line") return t.line;
  if (e.failure.kind === "locked") return t.signIn.locked;
  return say(t.refused, { detail: e.failure.detail });
}

/** Loads when the page is shown, again on `reload`, and every `every` ms when given. */
export function useLoad<T>(load: () => Promise<T>, every = 0) {
  const [value, setValue] = useState<T | null>(null), [failed, setFailed] = useState("");
  const latest = useRef(load);
  latest.current = load;
  const alive = useRef(true);
  const reload = useCallback(() => {
    latest.current().then((v) => { if (alive.current) { setValue(v); setFailed(""); } }, (e: unknown) => { if (alive.current) setFailed(explain(e)); });
  }, []);
  useEffect(() => {
    alive.current = true;
    reload();
    const timer = every ? setInterval(reload, every) : 0;
    return () => { alive.current = false; if (timer) clearInterval(timer); };
  }, [every, reload]);
  return { value, failed, reload };
}

/** One act at a time: whether it runs, and what it said. */
export function useDo() {
  const [busy, setBusy] = useState(false), [failed, setFailed] = useState(""), [done, setDone] = useState("");
  const run = async (work: () => Promise<string | void>) => {
    if (busy) return;
    setBusy(true);
    setFailed("");
    setDone("");
    try {
      setDone((await work()) ?? "");
    } catch (e) {
      setFailed(explain(e));
    } finally {
      setBusy(false);
    }
  };
  return { busy, failed, done, run, say: setFailed };
}

export function Outcome(p: { of: { failed: string; done: string } }) {
  return <>
    {p.of.failed && <Note kind="bad">{p.of.failed}</Note>}
    {p.of.done && <Note kind="good">{p.of.done}</Note>}
  </>;
}

export function Loaded<T>(p: { of: { value: T | null; failed: string; reload: () => void }; children: (value: T) => ComponentChildren }) {
  return <>
    {p.of.failed && <Note kind="bad"><p>{p.of.failed}</p><button class="small" onClick={p.of.reload}>{t.tryAgain}</button></Note>}
    {p.of.value !== null ? p.children(p.of.value) : !p.of.failed && <p role="status">{t.loading}</p>}
  </>;
}

export function Table(p: { caption: string; head: string[]; children: ComponentChildren }) {
  return <div class="scroll" tabIndex={0} role="region" aria-label={p.caption}>
    <table><caption>{p.caption}</caption><thead><tr>{p.head.map((h) => <th scope="col" key={h}>{h}</th>)}</tr></thead><tbody>{p.children}</tbody></table>
  </div>;
}

export const short = (id: string): string => id.slice(0, 8);
export const when = (time: string | null): string => (time ? time.slice(0, 16).replace("T", " ") : "");
