// Redress slips: looked up, revoked, and printed with their code.
import { useMemo, useState } from "preact/hooks";
import { act, read } from "./api";
import { utf8 } from "./bytes";
import { codeOf, readSlip, type Slip } from "./slip";
import { say, texts as t } from "./texts";
import { Empty, Field, Loaded, Note, Outcome, Page, save, sessionNow, Table, useDo, useLoad, when } from "./ui";

type View = { number: string; holder: string; agreement: string; issued: string; until: string; revoked: string | null; state: string };

function Square(p: { slip: Slip }) {
  const code = useMemo(() => codeOf(p.slip.text), [p.slip.text]);
  return <svg class="qr" viewBox={`0 0 ${code.side} ${code.side}`} width="340" height="340" role="img" aria-label={say(t.slips.code, { number: p.slip.number })} shape-rendering="crispEdges"><path d={code.path} fill="#000" /></svg>;
}

/** A slip on the screen and, printed, the sheet that the traveller carries. */
export function Code(p: { slip: Slip }) {
  const s = t.slips, x = p.slip, number = x.number.replace(/(.{4})/g, "$1 ").trim();
  const about = <dl class="pairs"><dt>{s.number}</dt><dd class="mono">{number}</dd><dt>{s.holder}</dt><dd>{x.holder}</dd><dt>{s.agreement}</dt><dd>{x.agreement}</dd><dt>{s.until}</dt><dd>{x.until}</dd></dl>;
  return <section aria-label={s.made}>
    <Note kind="good">{s.made}</Note>
    <div class="split"><Square slip={x} /><div>{about}
      <div class="row"><button class="main" onClick={() => print()}>{s.print}</button><button onClick={() => save(`slip-${x.number.slice(0, 8)}.txt`, "text/plain", x.text)}>{s.saveFile}</button></div><p class="hint">{s.only}</p></div></div>
    <div class="sheet">
      <div class="top"><strong>{x.issuer}</strong><span>{x.issued.slice(0, 16).replace("T", " ")} UTC</span></div>
      <h1>{s.sheetTitle}</h1>{about}<Square slip={x} />
      <p>{s.sheetSay}</p><ul>{s.sheetPoints.map((w) => <li key={w}>{w}</li>)}</ul>
      <p><strong>{t.sheet.write}</strong> {sessionNow.is?.contact || t.sheet.noContact}</p>
    </div>
  </section>;
}

function Look() {
  const work = useDo(), [found, setFound] = useState<{ slip: Slip; view: View } | null>(null);
  const choose = (file: File | undefined) => void work.run(async () => {
    setFound(null);
    const slip = file && (await readSlip(file));
    if (!slip) return work.say(t.slips.notOne);
    const { about } = await act<{ about: View }>("redress-show", {}, utf8(slip.text));
    setFound({ slip, view: about });
  });
  return <section class="card"><h2>{t.slips.look}</h2>
    <Field label={t.slips.file} hint={t.slips.fileHint}>{(id, by) => <input id={id} aria-describedby={by} type="file" onChange={(e) => choose(e.currentTarget.files?.[0])} />}</Field>
    <Outcome of={work} />
    {found && <Note kind={found.view.state === "counts" ? "good" : "bad"}>{say(t.slips.is, { state: t.slips.states[found.view.state] ?? found.view.state, holder: found.view.holder, until: found.view.until })}</Note>}
  </section>;
}

export function Slips(p: { custodian: boolean }) {
  const list = useLoad((byItself) => read<{ slips: View[] }>("redress-list", {}, byItself), 15000), work = useDo(), may = p.custodian || sessionNow.is?.role === "officer", s = t.slips;
  const revoke = (x: View) => void work.run(async () => { await act("redress-revoke", { number: x.number }); list.reload(); return say(s.revokedNow, { number: x.number.slice(0, 8) }); });
  return <Page title={s.title} lead={s.about}>
    {may && <Look />}
    <Outcome of={work} />
    <Loaded of={list}>{(v) => v.slips.length ? <section class="card"><Table caption={s.issued} head={[s.number, s.holder, s.agreement, s.issuedAt, s.until, t.cases.state, ...(may ? [s.revoke] : [])]}>
      {v.slips.map((x) => <tr key={x.number}><td><code>{x.number.slice(0, 8)}</code></td><td>{x.holder}</td><td>{x.agreement}</td><td class="day">{when(x.issued)}</td><td class="day">{x.until}</td>
        <td><span class={`tag ${x.state === "counts" ? "go" : "plain"}`}>{s.states[x.state] ?? x.state}</span></td>
        {may && <td>{x.state === "counts" && <button class="small" disabled={work.busy} onClick={() => revoke(x)}>{s.revoke}<span class="gone"> {x.number.slice(0, 8)}</span></button>}</td>}</tr>)}
    </Table></section> : <Empty><p>{s.none}</p></Empty>}</Loaded>
  </Page>;
}
