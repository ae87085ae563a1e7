// A redress slip: one text, as a file or as the QR code that the traveller carries on paper or telephone. What it stands for only the
// holder can read; here its form is looked at and shown.
import decodeQR from "qr/decode.js";
import encodeQR from "qr";

export type Slip = { text: string; number: string; issuer: string; holder: string; agreement: string; issued: string; until: string };

const FORM = /^entente-redress-slip\/v1\nnumber ([0-9a-f]{32})\nissuer (\S{1,64})\nholder (\S{1,64})\nagreement (\S{1,64})\nissued (\S{10,30})\nuntil (\d{4}-\d\d-\d\d)\ntraveller \S+\nsealed \S+\nsignature \S+\n$/;

export function slipOf(text: string): Slip | null {
  const m = FORM.exec(text.replace(/\r\n/g, "\n").replace(/\n*$/, "\n"));
  return m && { text: m[0], number: m[1]!, issuer: m[2]!, holder: m[3]!, agreement: m[4]!, issued: m[5]!, until: m[6]! };
}

const SIDE = 2400; // pixels: enough for a code of 177 modules, and no more memory than a desk has

async function fromPicture(file: File): Promise<Slip | null> {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return null;
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height)), width = Math.round(picture.width * scale), height = Math.round(picture.height * scale);
  const canvas = document.createElement("canvas"), c = canvas.getContext("2d", { willReadFrequently: true });
  canvas.width = width;
  canvas.height = height;
  if (!c) return null;
  c.fillStyle = "#fff";
  c.fillRect(0, 0, width, height);
  c.drawImage(picture, 0, 0, width, height);
  picture.close();
  try {
    return slipOf(decodeQR({ width, height, data: c.getImageData(0, 0, width, height).data }));
  } catch {
    return null; // no code, or one that cannot be read
  }
}

/** The slip in a file: its text, or a picture of its code. Null: none. */
export async function readSlip(file: File): Promise<Slip | null> {
  if (file.size > 32 << 20) return null;
  if (file.size <= 4096) {
    const slip = slipOf(await file.text().catch(() => ""));
    if (slip) return slip;
  }
  return fromPicture(file);
}

/** The dark modules of the code, as the path of an SVG, and its side with the quiet zone of four (ISO/IEC 18004, 6.3.8). */
export function codeOf(slip: string): { path: string; side: number } {
  const rows = encodeQR(slip, "raw", { ecc: "low", border: 4, encoding: "byte" });
  let path = "";
  rows.forEach((row, y) => row.forEach((dark, x) => { if (dark) path += `M${x} ${y}h1v1h-1z`; }));
  return { path, side: rows.length };
}
