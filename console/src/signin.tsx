import { useState } from "preact/hooks";
import { ActError, openSession, setPerson, type Session } from "./api";
import { openKey, readKeyFile, type KeyFile, type Person } from "./keys";
import { canSeal, forget, open, seal, sealedNames } from "./passkey";
import { say, texts as t } from "./texts";
import { Field, Note } from "./ui";

async function keyFrom(file: File | null): Promise<KeyFile | string> {
  if (!file) return t.signIn.noFile;
  const key = file.size <= 1024 ? readKeyFile(await file.text().catch(() => "")) : null;
  return key ?? t.signIn.notKey;
}

const why = (e: unknown): string => {
  if (e instanceof ActError) return e.failure.kind === "line" ? t.line : say(t.refused, { detail: e.failure.detail });
  if (e instanceof DOMException && e.name === "NotSupportedError") return t.signIn.notSupported;
  if (e instanceof DOMException && ["NotAllowedError", "AbortError", "SecurityError", "InvalidStateError"].includes(e.name)) return t.signIn.notAllowed;
  throw e;
};

/** The authenticators of this browser that hold somebody's key. */
function Sealed(p: { names: string[]; busy: boolean; sign: (name: string) => void; forget: (name: string) => void }) {
  if (!p.names.length) return null;
  return <div>{p.names.map((name) => <div class="row" key={name}>
    <button type="button" class="main" disabled={p.busy} onClick={() => p.sign(name)}>{say(t.signIn.sealedButton, { name })}</button>
    <button type="button" class="small" disabled={p.busy} onClick={() => p.forget(name)}>{t.signIn.forget}<span class="gone"> {name}</span></button></div>)}
    <p class="hint">{t.signIn.sealedHint}</p><h2 style={{ marginTop: "1.2rem" }}>{t.signIn.withFile}</h2></div>;
}

/** `only`: the page belongs to this person. */
export function SignIn(p: { why?: string; only?: string | undefined; done: (s: Session) => void; cancel?: () => void }) {
  const [file, setFile] = useState<File | null>(null), [passphrase, setPassphrase] = useState(""), [keep, setKeep] = useState(false);
  const [failed, setFailed] = useState(""), [percent, setPercent] = useState(-1), [, again] = useState(0);
  const names = canSeal() ? sealedNames().filter((n) => !p.only || n === p.only) : [];

  const enter = async (person: Person) => {
    const session = await openSession(person);
    setPerson(person);
    setPassphrase("");
    p.done(session);
  };
  const attempt = async (): Promise<string> => {
    const key = await keyFrom(file);
    if (typeof key === "string") return key;
    if (!passphrase) return t.signIn.noPassphrase;
    if (p.only && key.name !== p.only) return say(t.signIn.other, { name: p.only });
    let sealed = true;
    const person = await openKey(key, passphrase, (part) => setPercent(Math.round(part * 100)), keep ? async (seed) => { sealed = await seal(key.name, seed); } : undefined);
    if (!person) return say(t.signIn.wrong, { name: key.name });
    if (!sealed) { setKeep(false); return t.signIn.noPrf; }
    await enter(person);
    return "";
  };
  const run = async (work: () => Promise<string>) => {
    if (percent >= 0) return;
    setFailed("");
    setPercent(0);
    try {
      setFailed(await work());
    } catch (error) {
      setFailed(why(error));
    } finally {
      setPercent(-1);
    }
  };
  const bySeal = (name: string) => void run(async () => {
    const person = await open(name);
    if (!person) return say(t.signIn.notSealed, { name });
    await enter(person);
    return "";
  });
  return <form onSubmit={(e) => { e.preventDefault(); void run(attempt); }} noValidate>
    {p.why && <Note>{p.why}</Note>}
    <Sealed names={names} busy={percent >= 0} sign={bySeal} forget={(name) => { forget(name); again((n) => n + 1); }} />
    {!names.length && <p class="hint">{t.signIn.about}</p>}
    <Field label={t.signIn.file} hint={t.signIn.fileHint}>{(id, by) =>
      <input id={id} aria-describedby={by} type="file" accept=".key" onChange={(e) => setFile(e.currentTarget.files?.[0] ?? null)} />}</Field>
    <Field label={t.signIn.passphrase}>{(id) =>
      <input id={id} type="password" autocomplete="off" value={passphrase} onInput={(e) => setPassphrase(e.currentTarget.value)} />}</Field>
    {canSeal() ? <label class="choice"><input type="checkbox" checked={keep} onChange={() => setKeep(!keep)} />{t.signIn.keep}</label> : <p class="hint">{t.signIn.cannotKeep}</p>}
    {failed && <Note kind="bad">{failed}</Note>}
    <div class="row">
      <button class={names.length ? "" : "main"} type="submit" disabled={percent >= 0}>{percent >= 0 ? say(t.signIn.working, { percent }) : t.signIn.button}</button>
      {p.cancel && <button type="button" onClick={p.cancel}>{t.cancel}</button>}
    </div>
  </form>;
}
