// Machine-readable zones after ICAO Doc 9303 (parts 3 to 7): TD1 (three lines of 30), TD2 and TD3 (two of 36 or 44), MRV-A and MRV-B.
export type Mrz = {
  type: string; issuer: string; number: string; name: string; nationality: string; birth: string; sex: string; expiry: string;
  wrong: string[]; // names of the fields whose check digit is not right
};

const value = (c: string): number => (c === "<" ? 0 : c >= "0" && c <= "9" ? Number(c) : c.charCodeAt(0) - 55);

/** Part 3, 4.9: weights 7, 3, 1; the sum modulo 10. */
export function checkDigit(text: string): string {
  const sum = [...text].reduce((n, c, i) => n + value(c) * [7, 3, 1][i % 3]!, 0);
  return String(sum % 10);
}

const plain = (t: string): string => t.replace(/</g, " ").trim().replace(/ +/g, " ");

function names(field: string): string {
  const [last = "", first = ""] = field.split("<<");
  return [plain(last), plain(first)].filter(Boolean).join(", ");
}

type Check = [string, string, string]; // field, text, digit

function result(fields: Omit<Mrz, "wrong">, checks: Check[]): Mrz {
  return { ...fields, wrong: checks.filter(([, text, digit]) => (digit === "<" ? "0" : digit) !== checkDigit(text)).map(([name]) => name) };
}

function td1(a: string, b: string, c: string): Mrz {
  return result(
    { type: plain(a.slice(0, 2)), issuer: plain(a.slice(2, 5)), number: plain(a.slice(5, 14)), name: names(c), nationality: plain(b.slice(15, 18)),
      birth: b.slice(0, 6), sex: b[7]!, expiry: b.slice(8, 14) },
    [["number", a.slice(5, 14), a[14]!], ["birth", b.slice(0, 6), b[6]!], ["expiry", b.slice(8, 14), b[14]!],
      ["composite", a.slice(5, 30) + b.slice(0, 7) + b.slice(8, 15) + b.slice(18, 29), b[29]!]]);
}

function twoLines(a: string, b: string): Mrz {
  const checks: Check[] = [["number", b.slice(0, 9), b[9]!], ["birth", b.slice(13, 19), b[19]!], ["expiry", b.slice(21, 27), b[27]!]];
  const visa = a[0] === "V", last = a.length - 1;
  if (a.length === 44 && !visa) checks.push(["personal", b.slice(28, 42), b[42]!]);
  if (!visa) checks.push(["composite", b.slice(0, 10) + b.slice(13, 20) + b.slice(21, last), b[last]!]);
  return result(
    { type: plain(a.slice(0, 2)), issuer: plain(a.slice(2, 5)), number: plain(b.slice(0, 9)), name: names(a.slice(5)), nationality: plain(b.slice(10, 13)),
      birth: b.slice(13, 19), sex: b[20]!, expiry: b.slice(21, 27) }, checks);
}

/** Null: no machine-readable zone of a known form. */
export function readMrz(text: string): Mrz | null {
  const lines = text.toUpperCase().split(/\r?\n/).map((l) => l.replace(/\s/g, "")).filter(Boolean);
  if (lines.some((l) => !/^[A-Z0-9<]+$/.test(l)) || lines.some((l) => l.length !== lines[0]!.length)) return null;
  if (lines.length === 3 && lines[0]!.length === 30) return td1(lines[0]!, lines[1]!, lines[2]!);
  if (lines.length === 2 && (lines[0]!.length === 44 || lines[0]!.length === 36)) return twoLines(lines[0]!, lines[1]!);
  return null;
}
