import type { Places } from "../api-world.ts";

/** A row of an answer. */
export type Item = Record<string, unknown>;

/** The rows that a bare statement finds: those that hold a condition, in an order, behind a row. */
export type Asked = { where?: string; order?: string; after?: string };

/** One way to ask a list: parameters of the API, and what a plain statement says in their place. */
export type Way = { name: string; query: string; where?: string; order?: string; after?: (item: Item) => string };

/**
 * A list as it is measured. `key` tells by what its rows and those of the bare statement are known to be the same; `after` is the
 * condition for the rows behind one; `bare` is null where the answer is no table's but Muster's own words.
 */
export type List = {
  path: (places: Places) => string;
  bare: ((asked: Asked) => string) | null;
  key?: ((item: Item) => unknown) | null;
  after?: (item: Item) => string;
  /** False: a later page costs what the first does, so it is not asked for. */
  deep?: false;
  ways?: readonly Way[];
};

/** The organization of whoever holds the token, looked up by its hash. */
export const OF = "(select t.organization from tokens t where t.hash = $1)";

export const LIMIT = 51;

/** @param keep what ties the rows to the list, and its order. */
export function plain(columns: string, from: string, of: string, keep: string, order: string) {
  return (asked: Asked): string => {
    const conditions = [`${of}.organization = ${OF}`, keep, asked.where, asked.after].filter((each) => each);
    return `select ${columns} from ${from} where ${conditions.join(" and ")} order by ${asked.order ?? order} limit ${LIMIT}`;
  };
}

export const text = (value: unknown) => `'${String(value).replaceAll("'", "''")}'`;
export const behind = (column: string) => (item: Item) => `${column} > ${text(item.id)}`;
export const before = (column: string) => (item: Item) => `${column} < ${text(item.id)}`;
/** An event's id says where it stands. */
export const position = (id: unknown) => {
  const [transaction, number] = Buffer.from(String(id), "base64url").toString("utf8").split("-");
  return `${text(transaction)}::xid8, ${text(number)}`;
};
export const userId = (item: Item) => (item.user as Item).id;
export const filter = (words: string) => `filter=${encodeURIComponent(words)}`;

/** A list that is not measured, and why. */
type NotAsked = { notAsked: string };

/** The canonical record is active. */
export const HELD = `exists (select from directory_users c where c.organization = a.organization and c.id = a.canonical and c.active
  and c.deleted_at is null)`;

export type Lists = Readonly<Record<string, List | NotAsked>>;

/** Places of products that open invitations hold back: whoever has a place already needs no other. */
export const RESERVED = `select t.product, count(distinct i.id) filter (where x.account is null) as pending from invitations i
  join invitation_groups o on o.organization = i.organization and o.invitation = i.id
  join role_grants t on t.organization = o.organization and t.group_id = o.group_id
  left join access x on x.organization = i.organization and x.account = i.account and x.product = t.product and x.admitted_at is not null
  where i.organization = ${OF} and i.state = 'pending' and i.granted_at is null and i.expires_at > now() group by t.product`;
