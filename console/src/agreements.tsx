// The picture of an agreement: what it opens, what went by it, its quota, its alarms; and the signed text.
import { useState } from "preact/hooks";
import { read } from "./api";
import { Bars } from "./charts";
import { say, texts as t } from "./texts";
import { Empty, Loaded, Note, Numbers, Outcome, Page, Table, useDo, useLoad, when } from "./ui";

type Agreement = { name: string; title: string; version: number; state: string; why?: string; counts: string; "signed-by": string; from: string; until: string };
type Terms = { purposes: string[]; powers: string[]; "per-day": number; examiners: number; "confirm-minutes": number; "on-hit": string[]; "on-confirmed": string[]; candidates: number; "on-behalf-of": string[]; onward: string[]; "onward-authorised": boolean };
type Flow = { flow: string; holder: string; requester: string; "held-here": boolean; terms: Terms; days: number[]; use: Record<string, number> };
type Opens = { flow: string; requester: string; persons: number | null; by: Record<string, Record<string, number | null>> };
type Picture = { title: string; review: string | null; since: string | null; flows: Flow[]; alarms: { at: string; flow: string; clause: string }[]; opens: Opens[] | null; "opens-not-known"?: string };

const cell = (n: number | null): string => (n === null ? t.agreements.hidden : String(n));

const hides = (o: Opens): boolean => o.persons === null || Object.values(o.by).some((groups) => Object.values(groups).includes(null));

function Persons(p: { of: Opens }) {
  const a = t.agreements;
  return <>
    <h3>{a.opens}</h3>
    <p>{p.of.persons === null ? say(a.personsHidden, { requester: p.of.requester }) : say(a.persons, { n: p.of.persons, requester: p.of.requester })}</p>
    <div class="split">{Object.entries(p.of.by).filter(([, groups]) => Object.keys(groups).length).map(([by, groups]) => <Table key={by} caption={a.by[by] ?? by} quiet head={[a.by[by] ?? by, a.personsHead]} numbers={[a.personsHead]}>
      {Object.entries(groups).map(([name, n]) => <tr key={name}><td>{name}</td><td class="num">{cell(n)}</td></tr>)}</Table>)}</div>
    {hides(p.of) && <p class="hint">{a.hiddenMeans}</p>}
  </>;
}

function FlowPicture(p: { flow: Flow; opens: Opens | undefined }) {
  const a = t.agreements, f = p.flow, u = f.use, today = f.days[0] ?? 0, quota = f.terms["per-day"];
  const days = [...f.days].reverse().map((n, i) => ({ name: new Date(Date.now() - (f.days.length - 1 - i) * 86400000).toISOString().slice(5, 10), parts: [n] }));
  return <section class="card" aria-label={f.flow}>
    <div class="head"><h2>{f.flow}</h2><span class="hint">{say(a.way, { requester: f.requester, holder: f.holder })}</span></div>
    <ul class="facts"><li>{a.purposes} <b>{f.terms.purposes.join(", ")}</b></li><li>{a.powers} <b>{f.terms.powers.join(", ")}</b></li><li>{a.examiners} <b>{say(a.examinersSay, { n: f.terms.examiners, minutes: f.terms["confirm-minutes"] })}</b></li>
      <li>{a.onHit} <b>{f.terms["on-hit"].join(", ") || t.none}</b></li><li>{a.onConfirmed} <b>{f.terms["on-confirmed"].join(", ") || t.none}</b></li>
      <li>{a.candidates} <b>{f.terms.candidates}</b></li><li>{a.onBehalfOf} <b>{f.terms["on-behalf-of"].join(", ") || t.none}</b></li>
      <li>{a.onward} <b>{f.terms.onward.join(", ") || t.none}{f.terms.onward.length > 0 && f.terms["onward-authorised"] ? ` (${a.eachTime})` : ""}</b></li></ul>
    {f["held-here"]
      ? <><Numbers of={[[a.answered, (u.hit ?? 0) + (u["no hit"] ?? 0)], [a.hits, u.hit ?? 0], [a.refused, u.refused ?? 0], [a.examined, u.examined ?? 0], [a.disclosed, u.disclosed ?? 0], [a.recalled, u.recalled ?? 0], [a.quotaToday, quota ? `${today} / ${quota}` : `${today}`, quota > 0 && today >= quota * 0.8]]} />
        <h3>{a.perDay}</h3><Bars label={a.perDay} names={[a.answered]} rows={days} limit={quota || undefined} /></>
      : <Numbers of={[[a.asked, u.asked ?? 0], [a.receivedAnswers, u.received ?? 0], [a.local, u.local ?? 0], [a.kept, u.kept ?? 0]]} />}
    {p.opens && <Persons of={p.opens} />}
  </section>;
}

function Shown(p: { name: string; close: () => void }) {
  const a = t.agreements, [text, setText] = useState(""), work = useDo();
  const list = useLoad((byItself) => read<Picture>("agreement-picture", { name: p.name }, byItself), 30000);
  const envelope = () => void work.run(async () => setText((await read<{ envelope: string }>("agreement-envelope", { name: p.name })).envelope));
  return <>
    <div class="row"><button onClick={p.close}>← {a.back}</button><button onClick={envelope}>{a.show}</button></div>
    <h1 style={{ marginTop: "1rem" }}>{p.name}</h1>
    <Outcome of={work} />
    {text && <section class="card"><h2>{a.signedText}</h2><pre class="mono" tabIndex={0} aria-label={a.signedText}>{text}</pre><button onClick={() => setText("")}>{a.close}</button></section>}
    <Loaded of={list}>{(v) => <>
      <p class="lead">{v.title}{v.review && ` · ${say(a.review, { day: v.review })}`}{v.since && ` · ${say(a.since, { time: when(v.since) })}`}</p>
      {v["opens-not-known"] && <Note>{v["opens-not-known"]}</Note>}
      {v.flows.map((f) => <FlowPicture key={f.flow} flow={f} opens={f["held-here"] ? v.opens?.find((o) => o.flow === f.flow) : undefined} />)}
      <section class="card"><h2>{a.alarms}</h2>{v.alarms.length ? <Table caption={a.alarms} quiet head={[a.at, t.ledger.flow, a.alarm]}>{v.alarms.map((x, i) => <tr key={i}><td class="day">{when(x.at)}</td><td>{x.flow}</td><td>{x.clause}</td></tr>)}</Table> : <p class="hint">{a.noAlarms}</p>}</section>
    </>}</Loaded>
  </>;
}

export function Agreements() {
  const a = t.agreements, [name, setName] = useState(""), list = useLoad((byItself) => read<{ agreements: Agreement[] }>("agreement-list", {}, byItself), 30000);
  if (name) return <Shown name={name} close={() => setName("")} />;
  return <Page title={a.title} lead={a.about}>
    <Loaded of={list}>{(v) => v.agreements.length ? <section class="card"><Table caption={a.title} quiet head={[a.name, a.version, a.state, a.from, a.until, a.parties, a.picture]} numbers={[a.version]}>
      {v.agreements.map((x) => <tr key={`${x.name} ${x.version}`}><td><strong>{x.name}</strong><p class="hint">{x.title}</p></td><td class="num">{x.version}</td><td><span class={`tag ${x.state === "signed" ? "go" : x.state === "suspended" ? "refer" : "plain"}`}>{x.state}</span>{x.counts === "later" && <p class="hint">{a.waits}</p>}{x.why && <p class="hint">{x.why}</p>}</td><td class="day">{x.from}</td><td class="day">{x.until}</td><td>{x["signed-by"]}</td>
        <td>{x.counts !== "later" && <button class="small" onClick={() => setName(x.name)}>{a.open}<span class="gone"> {x.name}</span></button>}</td></tr>)}
    </Table></section> : <Empty><p>{a.none}</p></Empty>}</Loaded>
  </Page>;
}
