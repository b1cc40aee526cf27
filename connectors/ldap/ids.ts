import type { LdapEntry } from "./entry.ts";
import type { IdFormat } from "./vendors.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The immutable id of an entry in one spelling, or null when the attribute is absent, has several values or is malformed. */
export function immutableId(entry: LdapEntry, id: { attribute: string; format: IdFormat }): string | null {
  const values = entry.values(id.attribute);
  if (!values.next()) return null;
  const { frame, from, to } = values;
  if (values.next()) return null;
  switch (id.format) {
    case "guid":
      return to - from === 16 ? guid(frame.subarray(from, to)) : null;
    case "uuid": {
      // As every server writes it, and as none needs to be looked at twice.
      if (isUuid(frame, from, to)) return frame.toString(undefined, from, to);
      const text = entry.text(id.attribute)?.toLowerCase() ?? "";
      return UUID.test(text) ? text : null;
    }
    case "text":
      return entry.text(id.attribute)?.toLowerCase() ?? null;
  }
}

const DASH = 0x2d;

/** Whether these bytes are what `UUID` finds. */
function isUuid(frame: Buffer, from: number, to: number): boolean {
  if (to - from !== 36) return false;
  for (let place = 0; place < 36; place++) {
    const code = frame[from + place] as number;
    const isDash = place === 8 || place === 13 || place === 18 || place === 23;
    if (isDash ? code !== DASH : !((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false;
  }
  return true;
}

/** 16 bytes as Microsoft writes a GUID: the first three fields are little-endian ([MS-DTYP] §2.3.4). */
function guid(bytes: Buffer): string {
  const fields = [
    Buffer.from(bytes.subarray(0, 4)).reverse(),
    Buffer.from(bytes.subarray(4, 6)).reverse(),
    Buffer.from(bytes.subarray(6, 8)).reverse(),
    bytes.subarray(8, 10),
    bytes.subarray(10, 16),
  ];
  return fields.map((field) => field.toString("hex")).join("-");
}

/** The objectSid of the group that is this person's primary one: the person's own, its last number replaced ([MS-DTYP] §2.4.2). */
export function primaryGroupSid(entry: LdapEntry): string | null {
  const [sid] = entry.bytes("objectSid");
  const group = Number(entry.text("primaryGroupID") ?? "0");
  if (sid === undefined || sid.length < 12 || !Number.isInteger(group) || group <= 0 || group > 0xffffffff) return null;
  const own = Buffer.from(sid);
  own.writeUInt32LE(group, own.length - 4);
  return own.toString("hex");
}
