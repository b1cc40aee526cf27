/** What the table says of one person. */
export type Person = {
  userName: string;
  status: string;
  records: { directory: string; canonical: boolean; active: boolean }[];
};

export type ProductAccess = {
  product: string;
  role: string | null;
  allowed: boolean;
  reason: string | null;
  spaces: { space: string; permission: string; expiresAt: string | null }[];
  trace: { directory: string | null; group: string; role: string; counts: boolean }[];
};

const STATUS: Record<string, string> = {
  "invited-not-sent": "Invited – Invitation not sent",
  invited: "Invited",
  active: "Active",
  suspended: "Suspended",
  deactivated: "Deactivated",
};

/** Who, from which directory, in which status, with which role per product, and why: one line a person. */
export function peopleTable(people: readonly { person: Person; access: readonly ProductAccess[] }[]): string {
  const products = [...new Set(people.flatMap(({ access }) => access.map((row) => row.product)))].sort();
  const rows = people
    .toSorted((a, b) => (a.person.userName.toLowerCase() < b.person.userName.toLowerCase() ? -1 : 1))
    .map(({ person, access }) => [
      person.userName,
      person.records.map((record) => record.directory).join(" + "),
      STATUS[person.status] ?? person.status,
      ...products.map((product) => role(access.find((row) => row.product === product))),
      why(person.status, access),
    ]);
  return columns([["who", "from", "status", ...products, "why"], ...rows]);
}

function role(access: ProductAccess | undefined): string {
  if (!access || access.role === null) return "–";
  return access.allowed ? access.role : `(${access.role})`;
}

function why(status: string, access: readonly ProductAccess[]): string {
  if (status === "deactivated") return "deactivated by the first directory that has this name";
  if (status === "suspended") return "suspended by an administrator";
  const reasons = access.flatMap((row) => {
    const path = row.trace.find((step) => step.counts && step.role === row.role) ?? row.trace[0];
    const group = path ? `${path.directory ?? "local"}/${path.group}` : undefined;
    if (row.allowed && group)
      return [
        `${row.product}: ${group}${row.spaces.length > 0 ? ` in ${row.spaces.map((space) => space.space).join(", ")}` : ""}`,
      ];
    if (row.reason === null || row.reason === "no-grant") return [];
    return [`${row.product}: ${row.reason}${group ? ` (${group})` : ""}`];
  });
  return [...new Set(reasons)].join("; ") || "no group of theirs grants a role";
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  const [head = [], ...rest] = rows;
  return [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...rest.map(line)].join("\n");
}
