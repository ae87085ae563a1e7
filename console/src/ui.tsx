// The few parts that every page uses.
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useId, useRef, useState } from "preact/hooks";
import { ActError, type Session } from "./api";
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

/** Who is signed in: for what is printed. */
export const sessionNow: { is: Session | null } = { is: null };

/** Loads when the page is shown, again on `reload`, and every `every` ms when given. */
export function useLoad<T>(load: (byItself: boolean) => Promise<T>, every = 0) {
  const [value, setValue] = useState<T | null>(null), [failed, setFailed] = useState("");
  const latest = useRef(load);
  latest.current = load;
  const alive = useRef(true);
  const reload = useCallback((byItself: unknown = false) => {
    latest.current(byItself === true).then((v) => { if (alive.current) { setValue(v); setFailed(""); } }, (e: unknown) => { if (alive.current) setFailed(explain(e)); });
  }, []);
  useEffect(() => {
    alive.current = true;
    reload();
    const timer = every ? setInterval(() => reload(true), every) : 0;
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
    {p.of.value !== null ? p.children(p.of.value) : !p.of.failed && <p class="loading" role="status">{t.loading}</p>}
  </>;
}

export function Table(p: { caption: string; quiet?: boolean; head: string[]; numbers?: string[]; children: ComponentChildren }) {
  return <div class="scroll" tabIndex={0} role="region" aria-label={p.caption}>
    <table><caption class={p.quiet ? "gone" : undefined}>{p.caption}</caption><thead><tr>{p.head.map((h) => <th scope="col" key={h} class={p.numbers?.includes(h) ? "num" : undefined}>{h}</th>)}</tr></thead><tbody>{p.children}</tbody></table>
  </div>;
}

export function Page(p: { title: string; lead?: string | undefined; children: ComponentChildren }) {
  return <><h1>{p.title}</h1>{p.lead && <p class="lead">{p.lead}</p>}{p.children}</>;
}

/** Nothing is there, and what that means. */
export function Empty(p: { children: ComponentChildren }) {
  return <div class="empty">{p.children}</div>;
}

/** Numbers at a glance. */
export function Numbers(p: { of: [string, number | string, boolean?][] }) {
  return <dl class="numbers">{p.of.map(([name, n, alert]) => <div key={name} class={alert ? "alert" : undefined}><dt>{name}</dt><dd>{n}</dd></div>)}</dl>;
}

/** A file's form of downloading: nothing goes to any server. */
export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type })), a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export const inDays = (days: number): string => new Date(Date.now() + days * 86400000).toISOString().slice(0, 10);
export const short = (id: string): string => id.slice(0, 8);
export const when = (time: string | null): string => (time ? time.slice(0, 16).replace("T", " ") : "");
