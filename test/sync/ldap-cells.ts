import { FAULTS, type FakeOptions } from "../harness/fake-ldap.ts";
import type { End } from "./matrix.ts";
import { BASE, LDAP_PAGES, type LdapCompany, ldapPerson } from "./two-companies.ts";

/** What is listening where the server should be. */
export type Trap =
  | "nobody"
  | "resets"
  | "silent"
  | "speaks HTTP"
  | "silent TLS"
  | "TLS that resets"
  | "plain where TLS should be"
  | "an unknown authority"
  | "another name";

/** One row of the matrix of LDAP faults. */
export type LdapCell = {
  phase: string;
  what: string;
  trap?: Trap;
  options?: Partial<FakeOptions>;
  /** Makes what the server says wrong. */
  said?: (company: LdapCompany) => Partial<LdapCompany & Pick<FakeOptions, "elsewhere" | "referrals">>;
  settings?: Record<string, unknown>;
  /** Parts of the whole answer, of 100, after which the connection dies, or of which one byte is lost. */
  cutAt?: number;
  loseAt?: number;
  ends?: End;
};

const SHORT = { pageSeconds: 0.2, connectSeconds: 0.2 };
const PAGES = Array.from({ length: LDAP_PAGES }, (_, index) => index + 1);

const traps: readonly Trap[] = ["nobody", "resets", "silent", "speaks HTTP"];
const tlsTraps: readonly Trap[] = [
  "silent TLS",
  "TLS that resets",
  "plain where TLS should be",
  "an unknown authority",
  "another name",
];
/** Result codes of RFC 4511 appendix A, with what they are called there. */
const refusals: readonly [number, string][] = [
  [1, "operationsError"],
  [8, "strongerAuthRequired"],
  [13, "confidentialityRequired"],
  [49, "invalidCredentials"],
  [51, "busy"],
  [52, "unavailable"],
  [53, "unwillingToPerform"],
];

const wrongAnswers: readonly [string, LdapCell["said"]][] = [
  [
    "two people have one id",
    ({ users: [first, ...rest] }) => ({ users: [first!, ...rest, { ...first!, dn: `uid=twin,${BASE}` }] }),
  ],
  [
    "two people have one id, in another case",
    ({ users }) => ({
      users: [
        ...users,
        {
          dn: `uid=twin,${BASE}`,
          attributes: { ...users[0]?.attributes, entryUUID: ["ABCDEF00-0000-4000-8000-000000000001"] },
        },
        {
          dn: `uid=other,${BASE}`,
          attributes: { ...users[1]?.attributes, entryUUID: ["abcdef00-0000-4000-8000-000000000001"] },
        },
      ],
    }),
  ],
  [
    "two entries have one name",
    ({ users }) => ({ users: [...users, { ...ldapPerson(9, "p9"), dn: `UID=P3, OU=People,${BASE}` }] }),
  ],
  ["one person's id is hidden", ({ users }) => ({ users: users.map((user, at) => (at === 2 ? hidden(user) : user)) })],
  ["everybody's id is hidden", ({ users, groups }) => ({ users: users.map(hidden), groups: groups.map(hidden) })],
  [
    "one id is none",
    ({ users }) => ({
      users: users.map((user, at) =>
        at === 5 ? { ...user, attributes: { ...user.attributes, entryUUID: ["none"] } } : user,
      ),
    }),
  ],
  ["a name that is none", ({ users }) => ({ users: [...users, { ...ldapPerson(9, "p9"), dn: "p9" }] })],
  ["nothing but referrals", () => ({ users: [], referrals: ["ldap://other.example.com/"] })],
  [
    "a member was renamed between the searches",
    ({ groups: [first, ...rest], users }) => {
      const renamed = { ...users[0]!, dn: `uid=after,ou=people,${BASE}` };
      const member = [...(first?.attributes.member ?? []), renamed.dn];
      return {
        groups: [{ ...first!, attributes: { ...first!.attributes, member } }, ...rest],
        elsewhere: { [renamed.dn]: renamed },
      };
    },
  ],
];

/** The protocol knows no fault here: the reader sees less. The guard does. */
const shrunken: readonly [string, LdapCell["said"]][] = [
  ["nobody is seen", () => ({ users: [] })],
  ["nothing is seen", () => ({ users: [], groups: [] })],
  ["three of seven are seen", ({ users }) => ({ users: users.slice(0, 3) })],
  ["no group is seen", () => ({ groups: [] })],
];

function hidden<Entry extends { attributes: Record<string, unknown> }>(entry: Entry): Entry {
  const { entryUUID: _, ...attributes } = entry.attributes;
  return { ...entry, attributes };
}

export const LDAP_CELLS: readonly LdapCell[] = [
  ...traps.map((trap) => ({ phase: "connect", what: trap, trap, settings: SHORT })),
  ...tlsTraps.map((trap) => ({ phase: "TLS", what: trap, trap, settings: SHORT })),
  ...(["refused", "plain"] as const).map((startTls) => ({
    phase: "StartTLS",
    what: startTls,
    options: { startTls },
    settings: { startTls: true, connectSeconds: 0.5 },
  })),
  ...refusals.map(([code, text]) => ({ phase: "bind", what: text, options: { bindResult: { code, text } } })),
  { phase: "bind", what: "anonymous", options: { identities: [""] } },
  { phase: "end", what: "anonymous", options: { identities: ["dn:cn=reader", ""] } },
  { phase: "end", what: "somebody else", options: { identities: ["dn:cn=reader", "dn:cn=somebody"] } },
  ...PAGES.flatMap((page) =>
    FAULTS.map((kind) => ({
      phase: `page ${page}`,
      what: kind,
      options: { fault: { page, kind } },
      ...(kind === "silence" || kind === "slow-drip" ? { settings: SHORT } : {}),
    })),
  ),
  ...(["missing", "gap", "short", "empty"] as const).map((rangeFault) => ({
    phase: "range",
    what: rangeFault,
    options: { rangeSize: 1, rangeFault },
  })),
  ...wrongAnswers.map(([what, said]) => ({ phase: "entries", what, ...(said && { said }) })),
  ...shrunken.map(([what, said]): LdapCell => ({ phase: "proven", what, ...(said && { said }), ends: "held" })),
  ...Array.from({ length: 20 }, (_, part) => ({ phase: "bytes", what: `cut after ${part * 5} %`, cutAt: part * 5 })),
  ...Array.from({ length: 10 }, (_, part) => ({
    phase: "bytes",
    what: `one lost at ${part * 10} %`,
    loseAt: part * 10,
    settings: SHORT,
  })),
];
