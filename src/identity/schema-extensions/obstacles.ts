import type { Db } from "../../db/connection.ts";
import { MusterError } from "../../errors.ts";
import type { SchemaExtension } from "./form.ts";

type Resource = SchemaExtension["resource"];

/** Records that a change would leave wrong: those in which `found`, a JSON path, finds something. */
type Obstacle = { resource: Resource; found: string; label: string; why: "used" | "missing" };

/**
 * Refuses a change that records contradict: a value whose attribute would be gone or of another type, and a record of a
 * SCIM directory that lacks what would be required. Other directories never give values of extensions.
 * @throws MusterError `conflict` naming the attribute, how many records, and what to do first.
 */
export async function refuseObstacles(
  db: Db,
  before: readonly SchemaExtension[],
  after: readonly SchemaExtension[],
): Promise<void> {
  const obstacles = obstaclesOf(before, after);
  for (const resource of ["User", "Group"] as const) {
    const own = obstacles.filter((obstacle) => obstacle.resource === resource);
    if (own.length === 0) continue;
    const [first] = await db.query<{ place: number; count: number }>({
      text: `
        select o.place::int as place, count(*)::int as count
        from unnest($2::text[], $3::boolean[]) with ordinality as o (found, required, place)
        join ${resource === "User" ? "directory_users" : "directory_groups"} r
          on r.organization = $1 and r.deleted_at is null and jsonb_path_exists(r.resource, o.found::jsonpath)
        join directories d on d.organization = r.organization and d.id = r.directory
        where not o.required or d.kind = 'scim'
        group by o.place order by o.place limit 1`,
      values: [db.organization, own.map(({ found }) => found), own.map(({ why }) => why === "missing")],
    });
    const obstacle = first && own[first.place - 1];
    if (obstacle) throw refusal(obstacle, first.count);
  }
}

function refusal({ resource, label, why }: Obstacle, count: number): MusterError {
  const noun = resource.toLowerCase();
  const records = count === 1 ? `1 ${noun} has` : `${count} ${noun}s have`;
  return new MusterError(
    "conflict",
    why === "used"
      ? `${records} a value of ${label}; it can be removed or become another kind of value when nobody has one any more (SCIM filter: ${label} pr)`
      : `${records} no value of ${label}; it can be required when everybody has one (SCIM filter: not (${label} pr))`,
    { at: label },
  );
}

function obstaclesOf(before: readonly SchemaExtension[], after: readonly SchemaExtension[]): Obstacle[] {
  const places = new Map(after.flatMap(placesOf).map((place) => [place.found, place]));
  const gone = before
    .flatMap(placesOf)
    .filter((place) => !holds(places.get(place.found), place))
    .map(({ resource, found, label }): Obstacle => ({ resource, found, label, why: "used" }));
  const demanded = new Set(before.flatMap(demandsOf).map((demand) => demand.found));
  return [...gone, ...after.flatMap(demandsOf).filter((demand) => !demanded.has(demand.found))];
}

/** Where values stand in records, and of what kind they are. */
type Place = { resource: Resource; found: string; label: string; type: string; multiValued: boolean };

function placesOf(extension: SchemaExtension): Place[] {
  const { resource, urn } = extension;
  return extension.attributes.flatMap(({ name, type, multiValued, subAttributes = [] }) => [
    { resource, found: pathOf("$", urn, name), label: `${urn}:${name}`, type, multiValued },
    ...subAttributes.map((sub) => ({
      resource,
      found: pathOf(`${pathOf("$", urn, name)}[*]`, sub.name),
      label: `${urn}:${name}.${sub.name}`,
      type: sub.type,
      multiValued: false,
    })),
  ]);
}

/** Every whole number is a decimal; nothing else is of two kinds. */
function holds(after: Place | undefined, before: Place): boolean {
  return (
    after !== undefined &&
    after.resource === before.resource &&
    after.multiValued === before.multiValued &&
    (after.type === before.type || (before.type === "integer" && after.type === "decimal"))
  );
}

/** What must be there: an attribute in every record, or in those that have the extension; a part in every value. */
function demandsOf(extension: SchemaExtension): Obstacle[] {
  const { resource, urn, required, attributes } = extension;
  const demand = (holder: string, missing: string, label: string): Obstacle => ({
    resource,
    found: `${holder} ? (!exists(${missing}))`,
    label,
    why: "missing",
  });
  const whole = pathOf("$", urn);
  const needed = attributes.filter((attribute) => attribute.required);
  return [
    ...(required && needed.length === 0 ? [demand("$", pathOf("@", urn), urn)] : []),
    ...needed.map(({ name }) =>
      required
        ? demand("$", pathOf("@", urn, name), `${urn}:${name}`)
        : demand(whole, pathOf("@", name), `${urn}:${name}`),
    ),
    ...attributes.flatMap(({ name, subAttributes = [] }) =>
      subAttributes
        .filter((sub) => sub.required)
        .map((sub) => demand(`${pathOf(whole, name)}[*]`, pathOf("@", sub.name), `${urn}:${name}.${sub.name}`)),
    ),
  ];
}

/** A JSON path below `start`. Names were checked when they were declared; checked again, because they become its text. */
function pathOf(start: string, ...names: readonly string[]): string {
  for (const name of names)
    if (!/^[\w$:.-]+$/.test(name)) throw new MusterError("internal", `${name} cannot stand in a path`);
  return start + names.map((name) => `."${name}"`).join("");
}
