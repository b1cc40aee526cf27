import { createHash } from "node:crypto";
import { z } from "zod";
import { ConnectorError } from "../connector.ts";
import type { Layout } from "./layout.ts";
import type { LdapSession } from "./session.ts";

/** How changes are found, and from where on. `none`: this directory cannot tell, and says why. */
const laneShape = z.discriminatedUnion("lane", [
  z.strictObject({ lane: z.literal("dir-sync"), cookie: z.base64() }),
  /** Seconds since 1970 by the server's clock. */
  z.strictObject({ lane: z.literal("times"), from: z.int().min(0) }),
  z.strictObject({ lane: z.literal("none"), why: z.string() }),
]);
export type Lane = z.infer<typeof laneShape>;
export type Mark = Exclude<Lane, { lane: "none" }>;

const markShape = z.strictObject({ server: z.string(), settings: z.string(), at: laneShape });

/** As connectors/connector.ts has it. */
const LONGEST = 64 * 1024;

/** A mark as text: where it holds, and from where on. */
export function markText(session: LdapSession, layout: Layout, at: Lane): string {
  const text = JSON.stringify({ server: serverOf(session), settings: digest(layout), at });
  if (text.length <= LONGEST) return text;
  return markText(session, layout, { lane: "none", why: "the server's cookie is too long to be kept" });
}

/** @throws ConnectorError `incomplete` when the mark is of another server, of other settings, or of none. */
export function readMark(session: LdapSession, layout: Layout, text: string): Mark {
  const refuse = (why: string): never => {
    throw new ConnectorError("incomplete", `${why}: a full read is due`);
  };
  const parsed = markShape.safeParse(json(text));
  if (!parsed.success) return refuse("this mark is none of an LDAP directory");
  const { server, settings, at } = parsed.data;
  if (server !== serverOf(session)) return refuse(`the mark is of another server than ${session.place}`);
  if (settings !== digest(layout)) return refuse("the settings have changed since the mark was taken");
  return at.lane === "none" ? refuse(at.why) : at;
}

/** What tells one server of a directory from the next: their clocks and their order of changes differ. */
function serverOf({ root, place }: LdapSession): string {
  return root.text("dsServiceName") ?? root.text("netscapemdsuffix") ?? place;
}

/** Two layouts with the same digest read the same people, groups and members. */
function digest(layout: Layout): string {
  return createHash("sha256").update(JSON.stringify(layout)).digest("base64url").slice(0, 22);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
