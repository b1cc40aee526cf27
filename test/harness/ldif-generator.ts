/** Big directories from a seed: the same seed gives the same people, groups and memberships. */

/** A small seeded generator of numbers in [0, 1); its low bits do not repeat early, as those of a simple congruence do. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const GIVEN_NAMES = ["Ana", "Bjørn", "Chloé", "Dmitri", "Emeka", "Fatima", "Grzegorz", "Hana", "Ivo", "Jürgen"];
const FAMILY_NAMES = [
  "Álvarez",
  "Brandt",
  "Çelik",
  "Dubois",
  "Eriksen",
  "Fernández",
  "Gruber",
  "Horvat",
  "Ito",
  "Jansen",
];

export type GeneratedDirectory = { ldif: string; users: number; groups: number; memberships: number };

/**
 * People `uid=u0 …` below ou=people, groups `cn=g0 …` below ou=groups with `members` distinct people each on average
 * (at least one), and the reader `cn=muster,ou=services` with the password `reader-secret`. Every tenth group contains the next one.
 * With `large` the first group has so many people instead.
 */
export function generateLdif(options: {
  users: number;
  groups: number;
  members: number;
  seed: number;
  suffix?: string;
  large?: number;
}): GeneratedDirectory {
  const { users, groups, seed, suffix = "dc=example,dc=com" } = options;
  const random = mulberry32(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const lines = [
    `dn: ${suffix}\nobjectClass: dcObject\nobjectClass: organization\no: Generated\ndc: ${/^dc=([^,]+)/.exec(suffix)?.[1] ?? "example"}\n`,
    ...["people", "groups", "services"].map(
      (ou) => `dn: ou=${ou},${suffix}\nobjectClass: organizationalUnit\nou: ${ou}\n`,
    ),
    `dn: cn=muster,ou=services,${suffix}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: muster\nuserPassword: reader-secret\n`,
  ];
  for (let user = 0; user < users; user++) {
    const given = GIVEN_NAMES[below(GIVEN_NAMES.length)] ?? "";
    const family = FAMILY_NAMES[below(FAMILY_NAMES.length)] ?? "";
    lines.push(
      `dn: uid=u${user},ou=people,${suffix}\nobjectClass: inetOrgPerson\nuid: u${user}\ncn:: ${base64(`${given} ${family} ${user}`)}\n` +
        `givenName:: ${base64(given)}\nsn:: ${base64(family)}\nmail: u${user}@example.com\n`,
    );
  }
  let memberships = 0;
  for (let group = 0; group < groups; group++) {
    const size = 1 + below(2 * options.members - 1);
    const wanted = Math.min(users, group === 0 ? (options.large ?? size) : size);
    const members = new Set<number>();
    while (members.size < wanted) members.add(below(users));
    const values = [...members].map((user) => `uid=u${user},ou=people,${suffix}`);
    if (group % 10 === 0 && group + 1 < groups) values.push(`cn=g${group + 1},ou=groups,${suffix}`);
    memberships += values.length;
    lines.push(
      `dn: cn=g${group},ou=groups,${suffix}\nobjectClass: groupOfNames\ncn: g${group}\n${values.map((value) => `member: ${value}\n`).join("")}`,
    );
  }
  return { ldif: lines.join("\n"), users, groups, memberships };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
