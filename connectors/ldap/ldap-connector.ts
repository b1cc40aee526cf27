import { type CompletenessProof, type Connector, ConnectorError, type Page } from "../connector.ts";
import { ldapChanges } from "./changes.ts";
import { layoutOf } from "./layout.ts";
import { missingSecret, placeOf } from "./place.ts";
import { readGroups, readMembers, readUsers } from "./read.ts";
import { openFirst } from "./servers.ts";
import { type LdapSettings, parseLdapSettings } from "./settings.ts";
import { emptySnapshot, requireIds } from "./snapshot.ts";
import { testLdap } from "./test.ts";

/**
 * Reads people, groups and members of an LDAP directory (RFC 4511) as one snapshot over one connection. Groups come
 * first, then people, then members, so that every member can be named by id; a group inside a group stays that, cycles included.
 *
 * Complete means: each search ended with an empty cookie (RFC 2696), each list of members was read to its last range,
 * no id came twice and none was missing, the server named the same reader at the beginning and at the end, and nothing
 * was moved between the searches. Everything else throws.
 *
 * @param settings as `ldapSettings` (settings.ts) describes them; unknown keys are refused.
 * @param secret the password of `bindDn`, or without one the key of `clientCertificate`.
 * @throws ConnectorError `configuration` naming the setting; nothing is connected yet.
 */
export function ldapConnector(settings: unknown, secret: string | null): Connector {
  const parsed = parseLdapSettings(settings);
  const missing = missingSecret(parsed, secret);
  if (missing !== undefined) throw new ConnectorError("configuration", `LDAP settings: ${missing}`);
  return {
    read: (signal) => read(parsed, secret, signal),
    test: (signal) => testLdap(parsed, secret, signal),
    changes: ldapChanges(parsed, secret),
  };
}

async function* read(
  settings: LdapSettings,
  secret: string | null,
  signal: AbortSignal,
): AsyncGenerator<Page, CompletenessProof, void> {
  const session = await openFirst(await placeOf(settings, secret), signal);
  try {
    const snapshot = emptySnapshot();
    const layout = layoutOf(settings, session);
    yield* readGroups(session, layout, snapshot);
    yield* readUsers(session, layout, snapshot);
    requireIds(snapshot, layout.id.attribute);
    yield* readMembers(session, layout, snapshot);
    await session.confirm();
    return {
      users: snapshot.userCount,
      groups: snapshot.groupCount,
      memberships: snapshot.memberships,
      pages: snapshot.pages,
      boundAs: session.boundAs,
      oddities: snapshot.oddities,
      oddityCount: snapshot.oddityCount,
    };
  } finally {
    await session.close();
  }
}
