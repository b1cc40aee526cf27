import { ConnectorError } from "../connector.ts";
import { READER, UNITS, USERS } from "./answers.ts";
import type { GoogleSession } from "./session.ts";
import type { GoogleWorkspaceSettings } from "./settings.ts";

/** Who reads, and which customer's directory; asked before and after, so that both are known to have stayed the same. */
export type Place = {
  /** The customer's own id, also when the settings say my_customer. */
  customer: string;
  /** The administrator's id when they are of this customer and must therefore be among the people; null for a reseller. */
  adminId: string | null;
  boundAs: string;
  /** Rights that decide what Google shows. */
  rights: string;
  /** Path of each wanted organizational unit → its id. */
  units: ReadonlyMap<string, string>;
};

const SCOPE = "https://www.googleapis.com/auth/admin.directory";

/** The least that reading needs. */
export function scopesFor(settings: GoogleWorkspaceSettings): string[] {
  const units = settings.organizationalUnits === undefined ? [] : [`${SCOPE}.orgunit.readonly`];
  return [`${SCOPE}.user.readonly`, `${SCOPE}.group.readonly`, ...units];
}

/** @throws ConnectorError `configuration` naming the administrator, domain or unit that is not there. */
export async function readPlace(session: GoogleSession, settings: GoogleWorkspaceSettings): Promise<Place> {
  const reader = await session.call({
    doing: `looking for ${settings.admin}`,
    request: (api) => api.users.get({ userKey: settings.admin, fields: READER.fields }),
    shape: READER.shape,
    unless: { status: [404], error: wrong("admin", `there is no ${settings.admin}`) },
  });
  const customer = settings.customer === "my_customer" ? reader.customerId : settings.customer;
  const units = await readUnits(session, settings, customer);
  for (const domain of settings.domains ?? []) {
    await session.call({
      doing: `looking for the domain ${domain}`,
      request: (api) => api.users.list({ domain, maxResults: 1, fields: USERS.fields }),
      shape: USERS.shape,
      unless: {
        status: [400, 403, 404],
        error: wrong("domains", `${domain} is no domain of the customer ${customer}`),
      },
    });
  }
  return {
    customer,
    adminId: customer === reader.customerId ? reader.id : null,
    boundAs: `${reader.primaryEmail} (id ${reader.id}) of ${reader.customerId}`,
    rights:
      reader.isAdmin === true ? "super administrator" : reader.isDelegatedAdmin === true ? "administrator" : "none",
    units,
  };
}

/** @throws ConnectorError `incomplete` when the administrator, their rights or a wanted unit are not what they were before. */
export async function confirmPlace(
  session: GoogleSession,
  settings: GoogleWorkspaceSettings,
  before: Place,
): Promise<void> {
  const after = await readPlace(session, { ...settings, domains: undefined });
  const differs = (what: string, then: string, now: string): ConnectorError =>
    new ConnectorError("incomplete", `${what} was ${then} at first and ${now} at the end`);
  if (after.boundAs !== before.boundAs) throw differs("the administrator", before.boundAs, after.boundAs);
  if (after.rights !== before.rights) throw differs(`what ${settings.admin} is`, before.rights, after.rights);
  for (const [path, id] of before.units) {
    const now = after.units.get(path) ?? "gone";
    if (now !== id) throw differs(`the organizational unit ${path}`, id, now);
  }
}

/** Units by path: a renamed one would otherwise look as if everybody had left it. */
async function readUnits(
  session: GoogleSession,
  settings: GoogleWorkspaceSettings,
  customer: string,
): Promise<Map<string, string>> {
  const wanted = (settings.organizationalUnits ?? []).filter((path) => path !== "/");
  if (wanted.length === 0) return new Map();
  const units = await session.call({
    doing: "listing organizational units",
    request: (api) => api.orgunits.list({ customerId: customer, orgUnitPath: "/", type: "all", fields: UNITS.fields }),
    shape: UNITS.shape,
  });
  const byPath = new Map(units.map((unit) => [unit.orgUnitPath, unit.orgUnitId]));
  return new Map(
    wanted.map((path) => {
      const id = byPath.get(path);
      if (id === undefined) throw wrong("organizationalUnits", `there is no ${path}; was it renamed or moved?`);
      return [path, id];
    }),
  );
}

export function wrong(setting: string, why: string): ConnectorError {
  return new ConnectorError("configuration", `Google Workspace settings: ${setting}: ${why}`);
}
