import { render, type FunctionComponent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ActError, closeSession, currentSession, setPerson, signInNeeded, type Failure, type Role, type Session } from "./api";
import { Ledger, Proofs } from "./auditor";
import { Agreements, Approvals, Disclosures, Due, Rates, YearPage } from "./custodian";
import { Desk } from "./desk";
import { Cases } from "./examiner";
import { Received, Secondary } from "./secondary";
import { SignIn } from "./signin";
import { say, texts as t } from "./texts";
import { Note } from "./ui";

const pages: Record<string, { text: string; page: FunctionComponent<{ custodian: boolean }>; roles: Role[] }> = {
  desk: { text: t.nav.desk, page: Desk, roles: ["officer"] },
  secondary: { text: t.nav.secondary, page: Secondary, roles: ["officer"] },
  cases: { text: t.nav.cases, page: Cases, roles: ["examiner"] },
  due: { text: t.nav.due, page: Due, roles: ["custodian"] },
  approvals: { text: t.nav.approvals, page: Approvals, roles: ["custodian"] },
  ledger: { text: t.nav.ledger, page: Ledger, roles: ["auditor"] },
  held: { text: t.nav.due, page: Due, roles: ["auditor"] },
  disclosures: { text: t.nav.disclosures, page: Disclosures, roles: ["custodian", "auditor"] },
  agreements: { text: t.nav.agreements, page: Agreements, roles: ["custodian", "auditor"] },
  rates: { text: t.nav.rates, page: Rates, roles: ["custodian", "auditor"] },
  year: { text: t.nav.year, page: YearPage, roles: ["custodian", "auditor"] },
  proofs: { text: t.nav.proofs, page: Proofs, roles: ["auditor", "custodian"] },
  received: { text: t.nav.received, page: Received, roles: ["officer", "custodian", "examiner"] },
};

const allowed = (role: Role): [string, (typeof pages)[string]][] => Object.entries(pages).filter(([, p]) => p.roles.includes(role));

/** The page's name in the address, so that back, forward and two tabs work as everywhere. */
function useRoute(): string {
  const [at, setAt] = useState(location.hash.slice(2));
  useEffect(() => {
    const changed = () => setAt(location.hash.slice(2));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return at;
}

/** Asks for the key over the page, which stays as it is below. */
function KeyDialog(p: { why: Failure; session: Session; done: (s: Session) => void; cancel: () => void }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => box.current?.showModal(), []);
  const why = p.why.kind === "session" ? say(t.signIn.ended, { why: p.why.detail }) : t.signIn.locked;
  return <dialog ref={box} aria-labelledby="key-title" onClose={p.cancel}>
    <h2 id="key-title">{t.signIn.again}</h2>
    <SignIn why={why} only={p.session.name} done={p.done} cancel={p.cancel} />
  </dialog>;
}

function Top(p: { session: Session; at: string; out: () => void }) {
  return <header class="top">
    <a class="skip" href="#page" onClick={(e) => { e.preventDefault(); document.getElementById("page")?.focus(); }}>{t.skip}</a>
    <strong><img src="/mark.svg" alt="" />{t.app}</strong>
    <nav aria-label={t.pages}><ul>{allowed(p.session.role).map(([name, page]) =>
      <li key={name}><a href={`#/${name}`} aria-current={name === p.at ? "page" : undefined}>{page.text}</a></li>)}</ul></nav>
    <span class="who">{say(t.signedIn, { name: p.session.name, role: t.roles[p.session.role] })} <button class="small" onClick={p.out}>{t.signOut}</button></span>
  </header>;
}

function SignedIn(p: { session: Session; set: (s: Session | null) => void }) {
  const route = useRoute(), mine = allowed(p.session.role), [why, setWhy] = useState<Failure | null>(null);
  const at = mine.some(([name]) => name === route) ? route : mine[0]?.[0] ?? "";
  const Page = pages[at]?.page;
  signInNeeded.ask = (failure) => setWhy((already) => already ?? failure);
  useEffect(() => { document.title = `${pages[at]?.text ?? ""} – ${t.app}`; }, [at]);
  const out = () => void closeSession().then(() => { setPerson(null); p.set(null); });
  return <>
    <Top session={p.session} at={at} out={out} />
    <main id="page" tabIndex={-1}>{Page ? <Page key={at} custodian={p.session.role === "custodian"} /> : <p>{t.nothingHere}</p>}</main>
    {why && <KeyDialog why={why} session={p.session} done={(s) => { p.set(s); setWhy(null); }} cancel={() => setWhy(null)} />}
  </>;
}

function App() {
  const [session, setSession] = useState<Session | null | undefined>(undefined), [failed, setFailed] = useState("");
  useEffect(() => {
    document.title = t.app;
    currentSession().then(setSession, (e: unknown) => {
      setSession(null);
      if (e instanceof ActError && e.failure.kind === "line") setFailed(t.line);
    });
  }, []);
  if (session === undefined) return <main><p role="status">{t.loading}</p></main>;
  if (session) return <SignedIn key={session.name} session={session} set={setSession} />;
  return <main id="page"><section class="card narrow"><h1>{t.signIn.title}</h1>{failed && <Note kind="bad">{failed}</Note>}<SignIn done={setSession} /></section></main>;
}

render(<App />, document.getElementById("app")!);
