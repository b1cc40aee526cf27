import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { MusterError } from "./errors.ts";

const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, "must start with postgres:// or postgresql://")
  .refine(isDecodable, "a % that stands for itself must be written %25");

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== "";
  } catch {
    return false;
  }
}

/**
 * Every setting of an installation, with its default where it stands. A YAML file named by MUSTER_CONFIG is read
 * first, the environment wins over it. `config/example.yaml` lists the same keys.
 */
export const configSchema = z.strictObject({
  /** host:port of HTTP. */
  listen: z
    .string()
    .regex(/^(\[[0-9a-f:.]+\]|[^:[\]\s]+):\d{1,5}$/i, "must be HOST:PORT, as in 127.0.0.1:8080")
    .default("127.0.0.1:8080"),
  /** What callers outside see; all links and SCIM locations start with it. Default: http(s)://<listen>. */
  publicUrl: z
    .url({ protocol: /^https?$/, error: "must be an http(s) URL" })
    .transform((url) => url.replace(/\/+$/, ""))
    .optional(),
  /** Addresses or CIDRs of proxies whose X-Forwarded-* headers are believed; `loopback` names this machine. */
  trustedProxies: z.array(z.string().min(1)).default([]),
  /** Where the embedded PostgreSQL, keys and mail files live. */
  dataDirectory: z.string().min(1).default("./data"),
  /** The only folder whose files directories of kind csv may read. Default: `files` in the data directory. */
  filesDirectory: z.string().min(1).optional(),
  database: z
    .strictObject({
      /** PostgreSQL 15 or newer. Empty: Muster runs its own in the data directory. */
      url: databaseUrl.optional(),
      /** A login that owns Muster's tables, when `url` is only the application's. */
      ownerUrl: databaseUrl.optional(),
      /** Connections of the application. */
      poolSize: z.int().min(2).max(200).default(16),
    })
    .prefault({}),
  tls: z
    .strictObject({
      certFile: z.string().min(1).optional(),
      keyFile: z.string().min(1).optional(),
    })
    .prefault({}),
  mail: z
    .strictObject({
      /** smtp:// or smtps://. Empty: mails become files in the data directory. */
      smtpUrl: z
        .string()
        .regex(/^smtps?:\/\//, "must start with smtp:// or smtps://")
        .optional(),
      from: z.string().min(3).default("Muster <muster@localhost>"),
      /** Seconds to wait after each failed attempt; one attempt more than there are entries. */
      retryDelays: z.array(z.int().min(0)).max(50).default([60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400]),
    })
    .prefault({}),
  /** 32 bytes, base64: encrypts directory secrets at rest. Empty: made once in the data directory. */
  secretKeyFile: z.string().min(1).optional(),
  log: z
    .strictObject({
      level: z.enum(["error", "warn", "info", "debug"]).default("info"),
      format: z.enum(["json", "pretty"]).default("json"),
    })
    .prefault({}),
  invitations: z
    .strictObject({
      /** Seconds before the same person can be sent another invitation. */
      resendCoolDown: z.int().min(0).default(60),
      /** Days for which the link in the mail works. */
      validDays: z.int().min(1).max(30).default(7),
    })
    .prefault({}),
  webhooks: z
    .strictObject({
      /** Whether a webhook may lead to private, loopback and link-local addresses, and to loopback by plain http. */
      allowPrivate: z.boolean().default(false),
      /** Seconds to wait after each failed attempt; one attempt more than there are entries. */
      retryDelays: z
        .array(z.int().min(0).max(604_800))
        .max(50)
        .default([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]),
      /** Milliseconds that one attempt may take. */
      timeout: z.int().min(100).max(60_000).default(15_000),
      /** Requests to one webhook at the same time. */
      concurrency: z.int().min(1).max(64).default(8),
      /** Deliveries given up one after the other until the webhook is disabled. */
      disableAfter: z.int().min(1).max(10_000).default(10),
    })
    .prefault({}),
  sync: z
    .strictObject({
      /** Seconds without a sign of life after which a run is given up and its directory passes on to the next. */
      silence: z.int().min(5).max(3_600).default(60),
      /** Megabytes of memory that the reader of one directory may need for what lives; a directory that needs more is not read. */
      memory: z.int().min(64).max(65_536).default(2_000),
      /** Hours for which a held or previewed plan can be approved. */
      approvalHours: z.int().min(1).max(168).default(24),
      /** Days for which runs are kept; what can still be undone or approved always is. */
      keepDays: z.int().min(30).max(3_650).default(90),
      /** Runs of one directory that are kept beyond two days, the latest. */
      keepRuns: z.int().min(100).max(1_000_000).default(5_000),
    })
    .prefault({}),
  signIn: z
    .strictObject({
      /** Seconds without a request after which a session of the console ends. */
      idle: z.int().min(60).max(86_400).default(1_800),
      /** Seconds after which it ends whatever happens. */
      longest: z.int().min(300).max(604_800).default(43_200),
      /** Seconds for which a proof of who somebody is opens dangerous acts. */
      fresh: z.int().min(30).max(3_600).default(600),
    })
    .prefault({}),
  requestLog: z
    .strictObject({
      /** Days for which SCIM requests are kept to be looked at; 0: none is. */
      days: z.int().min(0).max(365).default(30),
      /** masked: the shape of what was sent, no person's data; clear: values too, which may be personal. Secrets never. */
      values: z.enum(["masked", "clear"]).default("masked"),
      /** Whether bodies are kept, or only who asked for what. */
      bodies: z.boolean().default(true),
    })
    .prefault({}),
  limits: z
    .strictObject({
      /** Bytes of a request's body. */
      bodyBytes: z
        .int()
        .min(1024)
        .default(4 * 1024 * 1024),
      /** Milliseconds that one request may take. */
      requestTimeout: z.int().min(1000).default(60_000),
      /** Milliseconds given to running requests at shutdown. */
      drainTimeout: z.int().min(0).default(10_000),
      /** What one token of a SCIM directory, or one OAuth client, may do in each process. */
      scim: requestLimits({ perSecond: 3_000, burst: 6_000, inFlight: 64, waiting: 1_000 }),
      /** What one caller of the administration API, a token or a signed-in person, may do in each process. */
      api: requestLimits({ perSecond: 500, burst: 3_000, inFlight: 32, waiting: 500 }),
    })
    .prefault({}),
});

/** What one caller may do, and the default of each. */
function requestLimits(of: { perSecond: number; burst: number; inFlight: number; waiting: number }) {
  return z
    .strictObject({
      /** Requests a second. */
      perSecond: z.int().min(1).max(1_000_000).default(of.perSecond),
      /** Requests at once, after a rest. */
      burst: z.int().min(1).max(1_000_000).default(of.burst),
      /** Requests that run at the same moment. */
      inFlight: z.int().min(1).max(100_000).default(of.inFlight),
      /** Requests beyond those that wait for their turn. */
      waiting: z.int().min(0).max(100_000).default(of.waiting),
    })
    .prefault({});
}

export type Config = Omit<z.output<typeof configSchema>, "publicUrl" | "filesDirectory"> & {
  publicUrl: string;
  filesDirectory: string;
};

/** Environment variable → key. Lists are separated by commas. */
export const ENVIRONMENT: Readonly<Record<string, readonly string[]>> = {
  MUSTER_LISTEN: ["listen"],
  MUSTER_PUBLIC_URL: ["publicUrl"],
  MUSTER_TRUSTED_PROXIES: ["trustedProxies"],
  MUSTER_DATA_DIR: ["dataDirectory"],
  MUSTER_FILES_DIR: ["filesDirectory"],
  DATABASE_URL: ["database", "url"],
  DATABASE_OWNER_URL: ["database", "ownerUrl"],
  MUSTER_TLS_CERT_FILE: ["tls", "certFile"],
  MUSTER_TLS_KEY_FILE: ["tls", "keyFile"],
  SMTP_URL: ["mail", "smtpUrl"],
  MUSTER_MAIL_FROM: ["mail", "from"],
  MUSTER_SECRET_KEY_FILE: ["secretKeyFile"],
  MUSTER_LOG_LEVEL: ["log", "level"],
  MUSTER_LOG_FORMAT: ["log", "format"],
};

/**
 * Reads and checks the whole configuration before anything is opened.
 * @throws MusterError `configuration`, naming the key (or variable) and what is allowed.
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const values = readFile(environment.MUSTER_CONFIG);
  for (const [variable, path] of Object.entries(ENVIRONMENT)) {
    const text = environment[variable];
    if (text === undefined || text === "") continue;
    assign(values, path, path[0] === "trustedProxies" ? text.split(",").map((part) => part.trim()) : text);
  }
  const parsed = configSchema.safeParse(values);
  if (!parsed.success) throw fromIssue(parsed.error.issues[0]);
  const config = parsed.data;
  if ((config.tls.certFile === undefined) !== (config.tls.keyFile === undefined))
    throw new MusterError("configuration", "TLS needs both a certificate file and a key file", { at: "tls" });
  const scheme = config.tls.certFile ? "https" : "http";
  return {
    ...config,
    dataDirectory: resolve(config.dataDirectory),
    filesDirectory: resolve(config.filesDirectory ?? join(config.dataDirectory, "files")),
    publicUrl: config.publicUrl ?? `${scheme}://${config.listen}`,
  };
}

function readFile(path: string | undefined): Record<string, unknown> {
  if (path === undefined || path === "") return {};
  if (!existsSync(path))
    throw new MusterError("configuration", `the file ${path} does not exist`, { at: "MUSTER_CONFIG" });
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new MusterError(
      "configuration",
      `the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      { at: "MUSTER_CONFIG", cause: error },
    );
  }
  let values: unknown;
  try {
    values = parseYaml(text) ?? {};
  } catch (error) {
    throw new MusterError("configuration", `${path} is no YAML: ${(error as Error).message.split("\n")[0]}`, {
      at: "MUSTER_CONFIG",
    });
  }
  if (typeof values !== "object" || values === null || Array.isArray(values))
    throw new MusterError("configuration", `${path} must be a mapping of keys to values`, { at: "MUSTER_CONFIG" });
  return values as Record<string, unknown>;
}

function assign(values: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let target = values;
  for (const key of path.slice(0, -1)) {
    const inner = target[key];
    if (typeof inner !== "object" || inner === null) target[key] = {};
    target = target[key] as Record<string, unknown>;
  }
  target[path.at(-1) as string] = value;
}

function fromIssue(issue: z.core.$ZodIssue | undefined): MusterError {
  if (issue?.code === "unrecognized_keys") {
    const key = [...issue.path, issue.keys[0]].join(".");
    return new MusterError("configuration", `there is no setting ${key}; config/example.yaml lists them all`, {
      at: key,
    });
  }
  const at = issue?.path.join(".") ?? "";
  const variable = Object.entries(ENVIRONMENT).find(([, path]) => path.join(".") === at)?.[0];
  return new MusterError("configuration", `${at}${variable ? ` (${variable})` : ""}: ${issue?.message ?? "invalid"}`, {
    at,
  });
}
