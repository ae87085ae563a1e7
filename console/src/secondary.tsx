// The secondary desk: each partner's state and how long persons still have; what partners disclosed; a slip for whom nobody meant.
import { useEffect, useState } from "preact/hooks";
import { act, read } from "./api";
import { Code } from "./redress";
import { slipOf, type Slip } from "./slip";
import { say, texts as t } from "./texts";
import { Empty, Loaded, Note, Outcome, Page, Table, useDo, useLoad, when } from "./ui";

type Line = { partner: string; agreement: string; flow: string; state: string; reason?: string; clause?: string; reference?: string; "unresolved-from"?: string; case?: string };
type Crossing = { crossing: string; reference: string; document: string; nationality: string; flight: string; "on-behalf-of": string; opened: string; "by-chance": boolean; "prints-kept": boolean; partners: Line[] };
type Kept = { disclosure: string; reference: string; partner: string; agreement: string; received: string; until: string };
type Value = { field: string; value?: string; base64?: string; finger?: number };

const clock = (ms: number): string => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

/** What a partner's line says now: word, kind of tag, time left. */
function stateOf(l: Line, kept: boolean, now: number): [string, string, string] {
  const s = t.secondary, left = l["unresolved-from"] ? Date.parse(l["unresolved-from"]) - now : 0;
  if (kept) return [s.disclosed, "refer", ""];
  if (l.state !== "hit") return [s.states[l.state] ?? l.state, l.state === "no hit" ? "go" : "plain", ""];
  if (l.case === "confirmed") return [s.confirmed, "refer", ""];
  if (l.case === "not confirmed") return [s.notConfirmed, "go", ""];
  if (l.case === "withdrawn") return [s.withdrawn, "plain", ""];
  if (l.case === "unresolved" || left <= 0) return [s.unresolved, "plain", "0:00"];
  return [s.states.hit!, "refer", clock(left)];
}

function MakeSlip(p: { crossing: Crossing; line: Line; made: (s: Slip) => void }) {
  const work = useDo(), [consent, setConsent] = useState(false);
  const make = () => void work.run(async () => {
    const { slip } = await act<{ slip: string }>("crossing-slip", { crossing: p.crossing.crossing, reference: p.line.reference!, consent: consent ? "yes" : "no" });
    const made = slipOf(slip);
    if (made) p.made(made);
  });
  return <div>
    <label class="choice"><input type="checkbox" checked={consent} onChange={() => setConsent(!consent)} />{t.slips.consent}</label>
    <button class="small" disabled={!consent || work.busy} onClick={make}>{t.slips.make}</button>
    <Outcome of={work} />
  </div>;
}

function Person(p: { crossing: Crossing; kept: Kept[]; now: number; open: (id: string) => void; closed: () => void }) {
  const k = p.crossing, of = (l: Line) => p.kept.find((x) => x.reference === l.reference), work = useDo(), [slip, setSlip] = useState<Slip | null>(null);
  const states = k.partners.map((l) => stateOf(l, of(l) !== undefined, p.now)), over = states.some(([word]) => word === t.secondary.unresolved);
  const close = () => void work.run(async () => { await act("crossing-close", { crossing: k.crossing }); p.closed(); });
  const admit = `#/admission?${new URLSearchParams({ nationality: k.nationality, document: k.document })}`;
  return <section class={`card traveller ${over ? "over" : ""}`} aria-label={k.reference}>
    <div class="head"><h2>{k.reference}</h2><span class="hint">{say(t.secondary.since, { time: when(k.opened) })}</span></div>
    <ul class="facts">{k.document && <li>{t.desk.number} <b>{k.document}</b></li>}{k.nationality && <li>{t.desk.nationality} <b>{k.nationality}</b></li>}{k.flight && <li>{t.desk.flight} <b>{k.flight}</b></li>}{k["on-behalf-of"] && <li>{t.desk.whom} <b>{k["on-behalf-of"]}</b></li>}</ul>
    {k["by-chance"] && <Note>{t.secondary.chance}</Note>}
    <Table caption={say(t.secondary.partners, { crossing: k.reference })} quiet head={[t.secondary.partner, t.secondary.state, t.secondary.left, t.secondary.detail]}>
      {k.partners.map((l, i) => <tr key={l.agreement + l.flow}>
        <td>{l.partner}<p class="hint">{l.agreement}</p></td><td><span class={`tag ${states[i]![1]}`}>{states[i]![0]}</span></td><td class="count">{states[i]![2]}</td>
        <td>{!["hit", "no hit", "asking"].includes(l.state) && <>{l.reason} {l.clause && <span class="hint">{l.clause}</span>}</>} {of(l) && <button class="small" onClick={() => p.open(of(l)!.disclosure)}>{t.secondary.openAct}</button>}
          {l.case === "not confirmed" && !slip && (k["prints-kept"] ? <MakeSlip crossing={k} line={l} made={setSlip} /> : <p class="hint">{t.slips.printsGone}</p>)}</td>
      </tr>)}
    </Table>
    {over && <Note>{t.secondary.unresolvedSay}</Note>}
    {slip && <Code slip={slip} />}
    <Outcome of={work} />
    <div class="row"><a class="button" href={admit}>{t.secondary.admit}</a><button disabled={work.busy} onClick={close}>{t.secondary.close}</button></div>
  </section>;
}

function Opened(p: { values: Value[]; close: () => void }) {
  return <section class="card" aria-label={t.received.opened}>
    <h2>{t.received.opened}</h2>
    <dl class="pairs">{p.values.map((v) => <><dt>{v.field}</dt><dd>{v.base64 !== undefined
      ? <img class="print" src={`data:image/png;base64,${v.base64}`} alt={say(t.received.print, { finger: v.finger ?? 0 })} /> : v.value}</dd></>)}</dl>
    <div class="row"><button onClick={p.close}>{t.received.close}</button></div>
  </section>;
}

function useOpening() {
  const work = useDo(), [values, setValues] = useState<Value[] | null>(null);
  const open = (id: string) => void work.run(async () => setValues((await act<{ values: Value[] }>("kept-open", { disclosure: id })).values));
  return { work, open, shown: values && <Opened values={values} close={() => setValues(null)} /> };
}

export function Secondary() {
  const list = useLoad(async (byItself) => {
    const [crossings, kept] = await Promise.all([read<{ crossings: Crossing[]; now: string }>("crossing-list", {}, byItself), read<{ received: Kept[] }>("kept-list", {}, byItself)]);
    return { crossings: crossings.crossings, kept: kept.received, ahead: Date.parse(crossings.now) - Date.now() };
  }, 3000);
  const [, tick] = useState(0), opening = useOpening();
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return <Page title={t.secondary.title} lead={`${t.secondary.own} ${t.secondary.ground}`}>
    <Outcome of={opening.work} />{opening.shown}
    <Loaded of={list}>{(v) => v.crossings.length ? v.crossings.map((c) => <Person key={c.crossing} crossing={c} kept={v.kept} now={Date.now() + v.ahead} open={opening.open} closed={list.reload} />)
      : <Empty><p>{t.secondary.none}</p></Empty>}</Loaded>
  </Page>;
}

export function Received() {
  const list = useLoad((byItself) => read<{ received: Kept[] }>("kept-list", {}, byItself), 15000), opening = useOpening();
  return <Page title={t.received.title} lead={t.received.each}>
    <Outcome of={opening.work} />{opening.shown}
    <Loaded of={list}>{(v) => v.received.length ? <section class="card"><Table caption={t.received.title} quiet head={[t.received.at, t.received.from, t.received.agreement, t.received.until, t.secondary.open]}>
      {v.received.map((k) => <tr key={k.disclosure}><td class="day">{when(k.received)}</td><td>{k.partner}</td><td>{k.agreement}</td><td class="day">{k.until}</td><td><button class="small" onClick={() => opening.open(k.disclosure)}>{t.secondary.openAct}<span class="gone"> {k.partner} {when(k.received)}</span></button></td></tr>)}
    </Table></section> : <Empty><p>{t.received.none}</p></Empty>}</Loaded>
  </Page>;
}
