// Who works here: proposed by one, approved by another to whom they read the digits of their key; suspended at once.
import { useState } from "preact/hooks";
import { act, read } from "./api";
import { say, texts as t } from "./texts";
import { Empty, Field, Loaded, Outcome, Page, sessionNow, Table, useDo, useLoad } from "./ui";

type Someone = { name: string; role: string; suspended: boolean; "proposed-by"?: string; "key-digits": string; "key-expires": string };

/** The digits are not shown to whoever types them: they are heard from the person, not copied from the screen. */
function Approve(p: { of: Someone; done: () => void }) {
  const w = t.people, [digits, setDigits] = useState(""), work = useDo();
  const decide = (what: "person-approve" | "person-drop") => void work.run(async () => {
    await act(what, what === "person-approve" ? { name: p.of.name, digits } : { name: p.of.name });
    p.done();
    return "";
  });
  return <form class="card" aria-label={p.of.name} onSubmit={(e) => { e.preventDefault(); decide("person-approve"); }}><h2>{say(w.waits, { name: p.of.name, role: t.roles[p.of.role as keyof typeof t.roles] ?? p.of.role })}</h2>
    <Field label={w.digits} hint={w.digitsHint}>{(id, by) => <input id={id} aria-describedby={by} class="mono" inputMode="numeric" maxLength={60} value={digits} onInput={(e) => setDigits(e.currentTarget.value)} />}</Field>
    <Outcome of={work} />
    <div class="row"><button class="main" type="submit" disabled={work.busy || !digits.trim()}>{t.approvals.approve}<span class="gone"> {p.of.name}</span></button><button type="button" disabled={work.busy} onClick={() => decide("person-drop")}>{w.drop}<span class="gone"> {p.of.name}</span></button></div>
  </form>;
}

export function People(p: { custodian: boolean }) {
  const w = t.people, list = useLoad((byItself) => read<{ people: Someone[] }>("person-list", {}, byItself), 30000), work = useDo(), own = sessionNow.is?.name;
  const suspend = (x: Someone) => void work.run(async () => { await act("person-suspend", { name: x.name }); list.reload(); return say(w.suspendedNow, { name: x.name }); });
  return <Page title={w.title} lead={w.about}>
    <Outcome of={work} />
    <Loaded of={list}>{(v) => <>
      {p.custodian && v.people.filter((x) => x["proposed-by"]).map((x) => <Approve key={x.name} of={x} done={list.reload} />)}
      {v.people.length ? <section class="card"><Table caption={w.title} quiet head={[w.name, w.role, t.cases.state, w.expires, w.digits, ...(p.custodian ? [t.choose] : [])]}>
        {v.people.map((x) => <tr key={x.name}><td><strong>{x.name}</strong></td><td>{t.roles[x.role as keyof typeof t.roles] ?? x.role}</td>
          <td><span class={`tag ${x.suspended ? "bad" : x["proposed-by"] ? "refer" : "go"}`}>{x.suspended ? w.suspended : x["proposed-by"] ? w.proposed : w.works}</span></td><td class="day">{x["key-expires"].slice(0, 10)}</td><td><code>{x["proposed-by"] ? "" : x["key-digits"]}</code></td>
          {p.custodian && <td>{!x.suspended && !x["proposed-by"] && x.name !== own && <button class="small" disabled={work.busy} onClick={() => suspend(x)}>{w.suspend}<span class="gone"> {x.name}</span></button>}</td>}</tr>)}
      </Table></section> : <Empty><p>{t.none}</p></Empty>}</>}</Loaded>
    <p class="hint">{w.add}</p>
  </Page>;
}
