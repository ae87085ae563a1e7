// The secondary desk: each partner's state and how long persons still have; and what partners disclosed.
import { useEffect, useState } from "preact/hooks";
import { act, read } from "./api";
import { say, texts as t } from "./texts";
import { Loaded, Note, Outcome, Table, useDo, useLoad, when } from "./ui";

type Line = { partner: string; agreement: string; state: string; reason?: string; clause?: string; reference?: string; "unresolved-from"?: string };
type Crossing = { crossing: string; reference: string; opened: string; "by-chance": boolean; partners: Line[] };
type Kept = { disclosure: string; reference: string; partner: string; agreement: string; received: string; until: string };
type Value = { field: string; value?: string; base64?: string; finger?: number };

const clock = (ms: number): string => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

function State(p: { line: Line; kept: Kept | undefined; now: number }) {
  const left = p.line["unresolved-from"] ? Date.parse(p.line["unresolved-from"]) - p.now : 0;
  if (p.kept) return <><td><span class="tag refer">{t.secondary.disclosed}</span></td><td></td></>;
  if (p.line.state === "hit" && left <= 0) return <><td><span class="tag plain">{t.secondary.unresolved}</span></td><td>0:00</td></>;
  const kind = p.line.state === "hit" ? "refer" : p.line.state === "no hit" ? "go" : "plain";
  return <><td><span class={`tag ${kind}`}>{t.secondary.states[p.line.state] ?? p.line.state}</span></td><td class="count">{p.line.state === "hit" ? clock(left) : ""}</td></>;
}

function Person(p: { crossing: Crossing; kept: Kept[]; now: number; open: (id: string) => void }) {
  const of = (l: Line) => p.kept.find((k) => k.reference === l.reference);
  const over = p.crossing.partners.some((l) => l["unresolved-from"] && Date.parse(l["unresolved-from"]) <= p.now && !of(l));
  return <section class="card" aria-label={p.crossing.reference}>
    <h2>{p.crossing.reference} <span class="hint">{say(t.secondary.since, { time: when(p.crossing.opened) })}</span></h2>
    {p.crossing["by-chance"] && <p>{t.secondary.chance}</p>}
    <Table caption={say(t.secondary.partners, { crossing: p.crossing.reference })} head={[t.secondary.partner, t.secondary.state, t.secondary.left, t.secondary.detail]}>
      {p.crossing.partners.map((l) => <tr key={l.agreement + l.partner}>
        <td>{l.partner}</td><State line={l} kept={of(l)} now={p.now} />
        <td>{l.reason} {l.clause} {of(l) && <button class="small" onClick={() => p.open(of(l)!.disclosure)}>{t.secondary.openAct}</button>}</td>
      </tr>)}
    </Table>
    {over && <Note>{t.secondary.unresolvedSay}</Note>}
  </section>;
}

function Opened(p: { values: Value[]; close: () => void }) {
  return <section class="card" aria-label={t.received.opened}>
    <dl class="pairs">{p.values.map((v) => <><dt>{v.field}</dt><dd>{v.base64 !== undefined
      ? <img class="print" src={`data:image/png;base64,${v.base64}`} alt={say(t.received.print, { finger: v.finger ?? 0 })} /> : v.value}</dd></>)}</dl>
    <button onClick={p.close}>{t.received.close}</button>
  </section>;
}

function useOpening() {
  const work = useDo(), [values, setValues] = useState<Value[] | null>(null);
  const open = (id: string) => void work.run(async () => setValues((await act<{ values: Value[] }>("kept-open", { disclosure: id })).values));
  return { work, open, shown: values && <Opened values={values} close={() => setValues(null)} /> };
}

export function Secondary() {
  const list = useLoad(async () => {
    const [crossings, kept] = await Promise.all([read<{ crossings: Crossing[]; now: string }>("crossing-list"), read<{ received: Kept[] }>("kept-list")]);
    return { crossings: crossings.crossings, kept: kept.received, ahead: Date.parse(crossings.now) - Date.now() };
  }, 3000);
  const [, tick] = useState(0), opening = useOpening();
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return <>
    <h1>{t.secondary.title}</h1>
    <p class="hint">{t.secondary.own} {t.secondary.ground}</p>
    <Outcome of={opening.work} />{opening.shown}
    <Loaded of={list}>{(v) => v.crossings.length ? v.crossings.map((c) => <Person key={c.crossing} crossing={c} kept={v.kept} now={Date.now() + v.ahead} open={opening.open} />) : <p>{t.secondary.none}</p>}</Loaded>
  </>;
}

export function Received() {
  const list = useLoad(() => read<{ received: Kept[] }>("kept-list")), opening = useOpening();
  return <>
    <h1>{t.received.title}</h1>
    <p class="hint">{t.received.each}</p>
    <Outcome of={opening.work} />{opening.shown}
    <Loaded of={list}>{(v) => v.received.length ? <Table caption={t.received.title} head={[t.received.from, t.received.agreement, t.received.at, t.received.until, t.secondary.open]}>
      {v.received.map((k) => <tr key={k.disclosure}><td>{k.partner}</td><td>{k.agreement}</td><td>{when(k.received)}</td><td>{k.until}</td><td><button class="small" onClick={() => opening.open(k.disclosure)}>{t.secondary.openAct}</button></td></tr>)}
    </Table> : <p>{t.received.none}</p>}</Loaded>
  </>;
}
