import { z } from "zod";

/** The version of what a backup looks like. */
export const FORM = 1;

const tableSchema = z.object({
  name: z.string().regex(/^[a-z_]{1,63}$/),
  columns: z.array(z.string().regex(/^[a-z_0-9]{1,63}$/)),
});

/** The first frame of a backup: what it is of, and what is in it. */
export const headerSchema = z.object({
  muster: z.literal("backup"),
  form: z.literal(FORM),
  takenAt: z.iso.datetime(),
  /** Names of the migrations that the tables went through, in their order. */
  migrations: z.array(z.string()),
  /** The first number that no transaction of before this backup has. */
  transactionsEnd: z.string().regex(/^\d{1,19}$/),
  /** Says which key opens the sealed secrets in it, without saying anything else of the key. */
  secretKey: z.string(),
  /** In the order in which they follow, each as frames of PostgreSQL's COPY in text form and an empty frame. */
  tables: z.array(tableSchema),
});
export type Header = z.output<typeof headerSchema>;
export type Table = z.output<typeof tableSchema>;

/** The last frame: what whoever reads must have read. */
export const trailerSchema = z.object({
  tables: z.array(z.object({ rows: z.int(), sha256: z.string() })),
  /** The last number that each table's own sequence gave. */
  sequences: z.record(z.string(), z.string().regex(/^\d{1,19}$/)),
});
export type Trailer = z.output<typeof trailerSchema>;

/** Whether a lost installation comes back, or one goes on in another place. */
export type Purpose = "restore" | "upgrade";

/** What migrations write themselves. */
const ANEW = ["migrations", "migrations_lock"];

/** Tables that are not in it. Sessions end with a restore: who was signed in then may have been shut out since. */
export const LEFT_OUT: Readonly<Record<Purpose, readonly string[]>> = {
  restore: [...ANEW, "sessions", "single_sign_on_flows", "installation"],
  upgrade: ANEW,
};
