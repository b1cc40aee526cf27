import { ConnectorError, type ConnectorErrorCode, type TestStep } from "../connector.ts";
import { type Seen, type Trial, tryInOrder } from "../test-steps.ts";
import type { Progress } from "./channel.ts";
import { canonicalDn } from "./dn.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { placeOf } from "./place.ts";
import { LdapRefusal, Result } from "./result.ts";
import { openFirst } from "./servers.ts";
import type { LdapSession } from "./session.ts";
import { type LdapSettings, urlsOf } from "./settings.ts";
import { counted, groupsSeen, membersSeen, usersSeen } from "./test-entries.ts";
import { holding } from "./timestamps.ts";

const HINTS: Readonly<Record<ConnectorErrorCode, string>> = {
  unreachable: "see whether the server runs, and whether this machine may reach its host and port",
  tls: "put the authority that signed that certificate into ca or caFile, or set serverName to a name that it holds",
  credentials: "correct bindDn or the password",
  configuration: "correct the setting",
  limit: "raise the limits of the reader",
  incomplete: "try again; if it stays, see the server's log",
  protocol: "see who answers at this port: a proxy, or a server that speaks something else, perhaps",
  cancelled: "try again",
};

/** A test runs beside everything else that this process does, and asks for few entries at once. */
const ANSWER_BYTES = 64 * 1024 * 1024;

const VENDOR_WORDS: Readonly<Record<Layout["vendor"], string>> = {
  openldap: "OpenLDAP",
  "active-directory": "Active Directory",
  "389-directory-server": "389 Directory Server",
  freeipa: "FreeIPA",
  other: "a server of a vendor that it does not name",
};

/** Tries the settings of an LDAP directory (`test` of the contract). */
export async function* testLdap(
  settings: LdapSettings,
  secret: string | null,
  signal: AbortSignal,
): AsyncGenerator<TestStep, void, void> {
  if (signal.aborted) throw new ConnectorError("cancelled", "the test was cancelled");
  const opening = opener(settings, secret, signal);
  try {
    for await (const step of tryInOrder(trials(settings, opening), HINTS)) {
      if (signal.aborted) throw new ConnectorError("cancelled", "the test was cancelled");
      yield step;
    }
  } finally {
    await opening.close();
  }
}

type Opening = ReturnType<typeof opener>;

/** One attempt to open a session, to be looked at while it goes on. */
function opener(settings: LdapSettings, secret: string | null, signal: AbortSignal) {
  // Ends the attempt also when the test is left in the middle of it.
  const stop = new AbortController();
  const reached = { connect: Promise.withResolvers<string>(), tls: Promise.withResolvers<string>() };
  let session: Promise<LdapSession> | undefined;
  let opened: LdapSession | undefined;
  const passedOver: string[] = [];
  const progress: Progress = (how, detail) => reached[how].resolve(detail);
  const orFailure = <T>(promise: Promise<T>, isLate: (session: LdapSession) => T): Promise<T> =>
    Promise.race([promise, (session ?? Promise.reject(new Error("not begun"))).then(isLate)]);
  return {
    begin: async (): Promise<void> => {
      const { targets, reader } = await placeOf(settings, secret);
      const place = { targets: targets.map((target) => ({ ...target, answerBytes: ANSWER_BYTES })), reader };
      const either = AbortSignal.any([signal, stop.signal]);
      session = openFirst(place, either, progress, (_, error) => passedOver.push(error.message));
      session.then(
        (stands) => {
          opened = stands;
        },
        () => {},
      );
    },
    connected: () => orFailure(reached.connect.promise, ({ place }) => place),
    encrypted: () => orFailure(reached.tls.promise, ({ place }) => place),
    session: () => session ?? Promise.reject(new Error("not begun")),
    /** Servers that could not be used, each told once. */
    failures: (): string[] => passedOver.splice(0),
    close: async (): Promise<void> => {
      await opened?.close();
      stop.abort();
    },
  };
}

function trials(settings: LdapSettings, opening: Opening): Trial[] {
  // There when the steps that need `bind` are tried.
  let session: LdapSession;
  let layout: Layout;
  return [
    {
      name: "settings",
      attempt: async () => {
        await opening.begin();
        const who = settings.bindDn ?? "the client certificate";
        return { detail: `reads ${urlsOf(settings).join(", then ")} as ${who}` };
      },
    },
    { name: "connect", needs: ["settings"], attempt: async () => withFailures(await opening.connected(), opening) },
    {
      name: "tls",
      needs: ["connect"],
      attempt: async () => {
        const isPlain = urlsOf(settings).every((url) => !url.startsWith("ldaps:")) && !settings.startTls;
        if (!isPlain) return withFailures(await opening.encrypted(), opening);
        if (!settings.allowPlaintext) return { detail: "none: the server is on this machine" };
        const hint = "use ldaps://, or startTls, and take allowPlaintext away";
        return { verdict: "warned", detail: "none: password and people cross the network in clear", hint };
      },
    },
    {
      name: "bind",
      needs: ["tls"],
      attempt: async () => {
        session = await opening.session();
        layout = layoutOf(settings, session);
        const catalog = layout.isGlobalCatalog ? ", its Global Catalog" : "";
        return withFailures(
          `bound as ${session.boundAs} at ${session.place}, ${VENDOR_WORDS[layout.vendor]}${catalog}`,
          opening,
        );
      },
    },
    { name: "base", needs: ["bind"], attempt: () => basesSeen(session, settings) },
    { name: "users", needs: ["base"], attempt: () => usersSeen(session, layout) },
    { name: "groups", needs: ["base"], attempt: () => groupsSeen(session, layout) },
    { name: "count", needs: ["users", "groups"], attempt: () => counted(session, layout) },
    { name: "members", needs: ["users", "groups"], attempt: () => membersSeen(session, layout) },
  ];
}

function withFailures(detail: string, opening: Opening): Seen {
  const failures = opening.failures();
  if (failures.length === 0) return { detail };
  return {
    verdict: "warned",
    detail: `${detail}; before it ${failures.join("; ")}`,
    hint: "the directory is read from the first server that can be used; see what is wrong with the others",
  };
}

async function basesSeen(session: LdapSession, settings: LdapSettings): Promise<Seen> {
  const bases = new Map<string, string>();
  for (const [key, base] of Object.entries({
    base: settings.base,
    userBase: settings.userBase,
    groupBase: settings.groupBase,
  }))
    if (base !== undefined && ![...bases.values()].some((other) => canonicalDn(other) === canonicalDn(base)))
      bases.set(key, base);
  // Where people and groups have bases of their own, nothing is read below the common one.
  if (settings.userBase !== undefined && settings.groupBase !== undefined) bases.delete("base");
  const hidden: string[] = [];
  for (const [key, base] of bases) {
    if ((await session.entry(base, ["objectClass"])) !== null) continue;
    // A reader may be let see what is below and not the base itself; some servers find nothing below what there is not.
    const held = session.root.texts("namingContexts");
    const isElsewhere = held.length > 0 && holding(session, base) === null;
    if (isElsewhere || !(await isThere(session, base, settings.pageSize))) {
      const holds = held.length === 0 ? "" : `; this server holds ${held.join(" and ")}`;
      throw new ConnectorError("configuration", `${key}: there is no ${base} that the reader may see`, {
        hint: `correct it, or let the reader see it${holds}`,
      });
    }
    hidden.push(base);
  }
  if (hidden.length > 0) return { detail: `${hidden.join(" and ")} can be searched, though not seen itself` };
  return { detail: `${[...bases.values()].join(" and ")} can be read` };
}

/** Whether the server searches below it at all. @throws ConnectorError when another server holds it. */
async function isThere(session: LdapSession, base: string, pageSize: number): Promise<boolean> {
  try {
    await session.pages({ base, filter: "(objectClass=*)", attributes: ["1.1"], pageSize }).next();
    return true;
  } catch (error) {
    if (error instanceof LdapRefusal && error.result === Result.noSuchObject) return false;
    throw error;
  }
}
