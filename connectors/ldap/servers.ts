import { ConnectorError } from "../connector.ts";
import type { Progress, Target } from "./channel.ts";
import type { Place } from "./place.ts";
import { type LdapSession, openSession } from "./session.ts";

/** What one of them lacks another may have: what to do about one is no help with the next. */
const MIXED_HINT =
  "one of them is enough: it must be reached from here, and ca or caFile and serverName must fit the certificate that it shows";

/** Told of each server that is tried and cannot be used. */
type PassedOver = (target: Target, error: ConnectorError) => void;

/**
 * A session with the first server, in the order of the settings, that can be reached and proves its name. It stays with
 * that one to its end: servers of one directory differ in what they hold at one moment. A server that refuses the reader
 * ends the attempt, since the next one would count the same wrong password against the same account.
 * @throws ConnectorError of the only server; with several `unreachable`, or their common code, naming each.
 */
export async function openFirst(
  { targets, reader }: Place,
  signal: AbortSignal,
  progress?: Progress,
  passedOver: PassedOver = () => {},
): Promise<LdapSession> {
  const failures: ConnectorError[] = [];
  for (const target of targets) {
    let stands = false;
    try {
      return await openSession(target, reader, signal, (reached, detail) => {
        stands = reached === "tls" || target.encryption === "none";
        progress?.(reached, detail);
      });
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error;
      const isItsOwn = error.code === "unreachable" || (error.code === "tls" && !stands);
      if (!isItsOwn || targets.length === 1) throw error;
      passedOver(target, error);
      failures.push(error);
    }
  }
  const [first] = failures;
  const isOneCause = failures.every((error) => error.code === first?.code);
  const code = first !== undefined && isOneCause ? first.code : "unreachable";
  throw new ConnectorError(
    code,
    `none of ${failures.length} servers can be used: ${failures.map((error) => error.message).join("; ")}`,
    { cause: first, hint: isOneCause ? null : MIXED_HINT },
  );
}
