import type { LdapEntry } from "./entry.ts";
import type { IdFormat } from "./vendors.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The immutable id of an entry in one spelling, or null when the attribute is absent, has several values or is malformed. */
export function immutableId(entry: LdapEntry, id: { attribute: string; format: IdFormat }): string | null {
  if (entry.count(id.attribute) !== 1) return null;
  switch (id.format) {
    case "guid": {
      const [bytes] = entry.bytes(id.attribute);
      return bytes?.length === 16 ? guid(bytes) : null;
    }
    case "uuid": {
      const text = entry.text(id.attribute)?.toLowerCase() ?? "";
      return UUID.test(text) ? text : null;
    }
    case "text":
      return entry.text(id.attribute)?.toLowerCase() ?? null;
  }
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
