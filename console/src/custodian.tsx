// The custodian: what falls due and by which clause, holds, what waits for a second person, likely same persons, disclosures; and the
// numbers that the auditor sees too.
import { useState } from "preact/hooks";
import { act, read } from "./api";
import { say, texts as t } from "./texts";
import { Lines } from "./charts";
import { Empty, Field, inDays, Loaded, Numbers, Outcome, Page, short, Table, useDo, useLoad, when } from "./ui";

type Power = { regime: string; until: string | null; clause: string; "apply-from"?: string | null; "apply-until"?: string | null };
type Part = {
  part: string; encounter: string; material: string; taken: string; "taken-under": string; due: boolean; held: boolean; "destroy-by": string | null; clause: string;
  "not-before": string | null; events: number; pending: number; powers: Power[];
};
type Event = { part: string; material: string; number: number; event: string; date: string; "decided-by": string; document: string; state: string };

function Status(p: { part: Part }) {
  if (p.part.held) return <span class="tag refer">{t.due.held}</span>;
  return p.part.due ? <span class="tag bad">{t.due.isDue}</span> : <span class="tag go">{t.due.kept}</span>;
}

function Hold(p: { part: Part; done: () => void }) {
  const [until, setUntil] = useState(inDays(365)), [document, setDocument] = useState(""), work = useDo();
  const place = () => work.run(async () => {
    await act("record-event", { id: p.part.part, event: "hold", date: inDays(0), until, document });
    p.done();
    return t.due.done;
  });
  return <form class="card" onSubmit={(e) => { e.preventDefault(); void place(); }}>
    <h2>{t.due.hold} <code>{short(p.part.part)}</code></h2>
    <p>{t.due.holdAbout}</p>
    <div class="split"><Field label={t.due.holdUntil}>{(id) => <input id={id} type="date" value={until} onInput={(e) => setUntil(e.currentTarget.value)} />}</Field>
      <Field label={t.due.document}>{(id) => <input id={id} maxLength={60} value={document} onInput={(e) => setDocument(e.currentTarget.value)} />}</Field></div>
    <Outcome of={work} />
    <div class="row"><button class="main" type="submit" disabled={work.busy}>{t.due.setHold}</button></div>
  </form>;
}

const PAGE = 200;

export function Due(p: { custodian: boolean }) {
  const [by, setBy] = useState(inDays(365 * 5)), [part, setPart] = useState<Part | null>(null), [only, setOnly] = useState("all"), [page, setPage] = useState(0);
  const list = useLoad((byItself) => read<{ parts: Part[] }>("record-list", { "due-by": by }, byItself)), d = t.due;
  const sorted = (all: Part[]) => all.filter((x) => only === "all" || (only === "due" ? x.due : only === "held" ? x.held : !x.due && !x.held)).sort((a, b) => (a["destroy-by"] ?? "9").localeCompare(b["destroy-by"] ?? "9"));
  const soon = inDays(30);
  return <Page title={d.title} lead={d.about}>
    <form class="row" onSubmit={(e) => { e.preventDefault(); setPage(0); list.reload(); }}>
      <label for="due-by">{d.by}</label><input id="due-by" type="date" value={by} onInput={(e) => setBy(e.currentTarget.value)} />
      <label for="due-only">{d.only}</label><select id="due-only" value={only} onChange={(e) => { setOnly(e.currentTarget.value); setPage(0); }}>{Object.entries(d.filters).map(([k, v]) => <option key={k} value={k}>{v}</option>)}</select>
      <button type="submit">{t.year.show}</button>
    </form>
    {part && <Hold key={part.part} part={part} done={list.reload} />}
    <Loaded of={list}>{(v) => {
      const all = sorted(v.parts), shown = all.slice(page * PAGE, page * PAGE + PAGE);
      return <>
        <div style={{ marginTop: "1rem" }}><Numbers of={[[d.isDue, v.parts.filter((x) => x.due).length, v.parts.some((x) => x.due)], [d.within30, v.parts.filter((x) => !x.due && (x["destroy-by"] ?? "9") <= soon).length], [d.held, v.parts.filter((x) => x.held).length], [d.inList, v.parts.length]]} /></div>
        {shown.length ? <section class="card"><Table caption={d.title} quiet head={[d.destroyBy, d.clause, d.material, d.part, d.taken, d.under, d.status, ...(p.custodian ? [d.hold] : [])]}>
          {shown.map((x) => <tr key={x.part}><td class="day">{x["destroy-by"] ?? t.none}</td><td>{x.clause}
            {x.powers.map((w) => w["apply-from"] && <p class="hint" key={w.regime}>{say(d.window, { from: w["apply-from"], until: w["apply-until"] ?? "" })}</p>)}</td>
            <td>{x.material}</td><td><code>{short(x.part)}</code></td><td class="day">{x.taken}</td><td>{x["taken-under"]}</td><td><Status part={x} /></td>
            {p.custodian && <td><button class="small" onClick={() => { setPart(x); scrollTo(0, 0); }}>{d.hold}<span class="gone"> {short(x.part)}</span></button></td>}</tr>)}
        </Table>{all.length > PAGE && <div class="row"><button class="small" disabled={!page} onClick={() => setPage(page - 1)}>{d.earlier}</button><button class="small" disabled={(page + 1) * PAGE >= all.length} onClick={() => setPage(page + 1)}>{d.later}</button>
          <span class="hint">{say(t.ledger.page, { from: page * PAGE + 1, to: page * PAGE + shown.length, all: all.length })}</span></div>}</section> : <Empty><p>{d.none}</p></Empty>}</>;
    }}</Loaded>
  </Page>;
}

export function Approvals() {
  const list = useLoad((byItself) => read<{ events: Event[] }>("event-list", {}, byItself), 15000), work = useDo();
  const decide = (e: Event, agree: "yes" | "no") => void work.run(async () => {
    await act("event-approve", { id: e.part, number: String(e.number), agree });
    list.reload();
    return say(t.approvals.done, { what: `${e.event}, ${agree === "yes" ? t.approvals.approve : t.approvals.refuse}` });
  });
  const a = t.approvals;
  return <Page title={a.title} lead={a.about}>
    <Outcome of={work} />
    <Loaded of={list}>{(v) => v.events.length ? <section class="card"><Table caption={a.title} quiet head={[a.event, t.due.material, t.due.part, a.date, a.decidedBy, a.document, a.state, t.choose]}>
      {v.events.map((e) => <tr key={`${e.part} ${e.number}`}><td>{e.event}</td><td>{e.material}</td><td><code>{short(e.part)}</code></td><td class="day">{e.date}</td><td>{e["decided-by"]}</td><td>{e.document}</td><td>{e.state}</td>
        <td><div class="tools"><button class="small" disabled={work.busy} onClick={() => decide(e, "yes")}>{a.approve}<span class="gone"> {e.event} {short(e.part)}</span></button>
          <button class="small" disabled={work.busy} onClick={() => decide(e, "no")}>{a.refuse}<span class="gone"> {e.event} {short(e.part)}</span></button></div></td></tr>)}
    </Table></section> : <Empty><p>{a.none}</p></Empty>}</Loaded>
  </Page>;
}

type Encounter = { encounter: string; taken: string; "taken-under": string; parts: number; due: boolean };
type Likely = { noticed: string; of: [Encounter, Encounter] };

/** Pairs of encounters that may be of one person: a custodian says so, or says that they are not. */
export function Persons() {
  const m = t.persons, list = useLoad((byItself) => read<{ likely: Likely[] }>("likely-list", {}, byItself), 30000), work = useDo();
  const decide = (l: Likely, same: boolean) => void work.run(async () => {
    await act(same ? "record-link" : "likely-not", { encounter: l.of[0].encounter, other: l.of[1].encounter });
    list.reload();
    return same ? m.linked : m.apart;
  });
  const one = (e: Encounter) => <><code>{short(e.encounter)}</code><p class="hint">{say(m.encounter, { taken: e.taken, under: e["taken-under"], parts: e.parts })}{e.due && ` · ${t.due.isDue}`}</p></>;
  return <Page title={m.title} lead={m.about}>
    <Outcome of={work} />
    <Loaded of={list}>{(v) => v.likely.length ? <section class="card"><Table caption={m.title} quiet head={[m.noticed, m.later, m.earlier, t.choose]}>
      {v.likely.map((l) => <tr key={l.of[0].encounter + l.of[1].encounter}><td class="day">{when(l.noticed)}</td><td>{one(l.of[0])}</td><td>{one(l.of[1])}</td>
        <td><div class="tools"><button class="small" disabled={work.busy} onClick={() => decide(l, true)}>{m.same}<span class="gone"> {short(l.of[0].encounter)}</span></button><button class="small" disabled={work.busy} onClick={() => decide(l, false)}>{m.not}<span class="gone"> {short(l.of[0].encounter)}</span></button></div></td></tr>)}
    </Table></section> : <Empty><p>{m.none}</p></Empty>}</Loaded>
  </Page>;
}

type Case = { case: string; state: string; finding: string; reference: string; flow: string; control: boolean; examiners: number; concluded: number; opened: string };
type Disclosure = { disclosure: string; reference: string; partner: string; fields: string[]; clause: string; disclosed: string; arrived: string | null; "keep-until": string; recalled: string | null; "recalled-for": string; undertaken: string | null; denied: string | null };

function became(d: Disclosure): [string, string] {
  if (d.recalled && !d.undertaken && d.denied) return [t.disclosures.denied, "bad"];
  if (d.recalled) return d.undertaken ? [t.disclosures.gone, "go"] : [say(t.disclosures.asked, { why: d["recalled-for"] }), "bad"];
  return d.arrived ? [say(t.disclosures.kept, { until: d["keep-until"] }), "plain"] : [t.disclosures.waits, "refer"];
}

export function Disclosures(p: { custodian: boolean }) {
  const d = t.disclosures, work = useDo();
  const list = useLoad(async (byItself) => ({ ...(await read<{ cases: Case[] }>("case-list", {}, byItself)), ...(await read<{ disclosures: Disclosure[] }>("disclosure-list", {}, byItself)) }), 15000);
  const disclose = (k: Case) => void work.run(async () => {
    const out = await act<{ partner: string; fields: string[]; clause: string }>("disclose", { reference: k.reference });
    list.reload();
    return say(d.done, { partner: out.partner, fields: out.fields.join(", "), clause: out.clause });
  });
  return <Page title={d.title} lead={d.about}>
    <Outcome of={work} />
    <Loaded of={list}>{(v) => <>
      <section class="card"><h2>{d.cases}</h2>{v.cases.length ? <Table caption={d.cases} quiet head={[d.opened, d.reference, t.ledger.flow, d.examiners, t.cases.state, d.finding, t.choose]} numbers={[d.examiners]}>
        {v.cases.map((k) => <tr key={k.case}><td class="day">{when(k.opened)}</td><td><code>{short(k.reference)}</code> {k.control && <span class="tag plain">{d.control}</span>}</td><td>{k.flow}</td><td class="num">{k.concluded} / {k.examiners}</td><td>{k.state}</td><td>{k.finding}</td>
          <td>{p.custodian && k.finding === "identified" && !k.control && !v.disclosures.some((x) => x.reference === k.reference) &&
            <button class="small" disabled={work.busy} onClick={() => disclose(k)}>{d.disclose}<span class="gone"> {short(k.reference)}</span></button>}</td></tr>)}
      </Table> : <p class="hint">{d.noCases}</p>}</section>
      <section class="card"><h2>{d.title}</h2>{v.disclosures.length ? <Table caption={d.title} quiet head={[d.at, d.to, d.fields, t.due.clause, d.state]}>
        {v.disclosures.map((x) => <tr key={x.disclosure}><td class="day">{when(x.disclosed)}</td><td>{x.partner}</td><td>{x.fields.join(", ")}</td><td>{x.clause}</td><td><span class={`tag ${became(x)[1]}`}>{became(x)[0]}</span></td></tr>)}
      </Table> : <p class="hint">{d.none}</p>}</section></>}</Loaded>
  </Page>;
}

type Rate = { name: string; cases: number; controls: number; "wrongly-identified": number; excluded: number; inconclusive: number };

const share = (part: number, all: number): string => (all ? `${((100 * part) / all).toFixed(1)} %` : "–");

export function Rates() {
  const list = useLoad((byItself) => read<{ examiners: Rate[] }>("case-rates", {}, byItself), 60000), r = t.rates;
  const sum = (all: Rate[]): Rate => all.reduce((n, x) => ({ name: r.all, cases: n.cases + x.cases, controls: n.controls + x.controls, "wrongly-identified": n["wrongly-identified"] + x["wrongly-identified"],
    excluded: n.excluded + x.excluded, inconclusive: n.inconclusive + x.inconclusive }), { name: r.all, cases: 0, controls: 0, "wrongly-identified": 0, excluded: 0, inconclusive: 0 });
  return <Page title={r.title} lead={r.about}>
    <Loaded of={list}>{(v) => v.examiners.length ? <><Numbers of={[[r.controls, sum(v.examiners).controls], [r.wrong, sum(v.examiners)["wrongly-identified"], sum(v.examiners)["wrongly-identified"] > 0], [r.rate, share(sum(v.examiners)["wrongly-identified"], sum(v.examiners).controls)]]} />
      <section class="card"><Table caption={r.title} quiet head={[r.examiner, r.cases, r.controls, r.wrong, r.rate, r.excluded, r.inconclusive]} numbers={[r.cases, r.controls, r.wrong, r.rate, r.excluded, r.inconclusive]}>
      {[...v.examiners, sum(v.examiners)].map((x) => <tr key={x.name}><td>{x.name}</td><td class="num">{x.cases}</td><td class="num">{x.controls}</td><td class="num">{x["wrongly-identified"]}</td><td class="num">{share(x["wrongly-identified"], x.controls)}</td><td class="num">{x.excluded}</td><td class="num">{x.inconclusive}</td></tr>)}
    </Table></section></> : <Empty><p>{r.none}</p></Empty>}</Loaded>
  </Page>;
}

type Year = { collected: Record<string, number>; held: Record<string, number>; "destroyed-by-clause": Record<string, number>; destroyed: number; extended: number; holds: number; "on-hold": number; overdue: number; "average-age-days": number };

export function YearPage() {
  const [year, setYear] = useState(String(new Date().getUTCFullYear())), list = useLoad((byItself) => read<Year>("retention-year", { year }, byItself)), y = t.year;
  return <Page title={y.title} lead={y.about}>
    <form class="row" onSubmit={(e) => { e.preventDefault(); list.reload(); }}><label for="year">{y.year}</label><input id="year" inputMode="numeric" size={6} maxLength={4} value={year} onInput={(e) => setYear(e.currentTarget.value)} /><button type="submit">{y.show}</button></form>
    <Loaded of={list}>{(v) => <>
      <div style={{ marginTop: "1rem" }}><Numbers of={[[y.destroyed, v.destroyed], [y.extended, v.extended], [y.holds, v.holds], [y.onHold, v["on-hold"]], [y.overdue, v.overdue, v.overdue > 0], [y.age, Math.round(v["average-age-days"])]]} /></div>
      <div class="split">
        <section class="card"><h2>{y.collected}</h2><Lines label={y.collected} rows={Object.entries(v.collected)} />
          <Table caption={y.collected} quiet head={[t.due.material, y.collected, y.held]} numbers={[y.collected, y.held]}>{Object.keys(v.collected).map((m) => <tr key={m}><td>{m}</td><td class="num">{v.collected[m]}</td><td class="num">{v.held[m]}</td></tr>)}</Table></section>
        <section class="card"><h2>{y.destroyedBy}</h2>{Object.keys(v["destroyed-by-clause"]).length ? <Lines label={y.destroyedBy} rows={Object.entries(v["destroyed-by-clause"])} /> : <p class="hint">{y.none}</p>}</section>
      </div></>}</Loaded>
  </Page>;
}
