import type { Command } from "commander";
import { MusterError } from "../errors.ts";
import type { ExtensionAttribute, SchemaExtension } from "../identity/schema-extensions/form.ts";
import { countRecordsWith, listSchemaExtensions } from "../identity/schema-extensions/read.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";

/** `muster schema …`: what the organization declared beyond the RFC's schemas; `muster apply` is how it is declared. */
export function registerSchema(program: Command, line: CommandLine): void {
  const schema = program
    .command("schema")
    .description("schema extensions of the organization; muster apply makes them");
  schema
    .command("list")
    .description("all of them, and how many records have a value")
    .action(
      line.inOrganization(async ({ db }) => {
        const all = await listSchemaExtensions(db);
        const counts = await countRecordsWith(db, all);
        const views = all.map(({ urn, resource, name, required, attributes }) => ({
          urn,
          resource,
          name,
          required,
          attributes: attributes.length,
          records: counts.get(urn) ?? 0,
        }));
        return {
          json: views,
          text: table(
            ["urn", "of", "required", "attributes", "records"],
            views.map((one) => [one.urn, one.resource, one.required ? "yes" : "no", one.attributes, one.records]),
          ),
        };
      }),
    );
  schema
    .command("show <urn>")
    .description("one with its attributes")
    .action(
      line.inOrganization(async ({ db }, _options: object, urn: string) => {
        const found = (await listSchemaExtensions(db)).find((one) => one.urn.toLowerCase() === urn.toLowerCase());
        if (!found) throw new MusterError("not-found", `there is no schema extension ${urn}`, { at: "urn" });
        const records = (await countRecordsWith(db, [found])).get(found.urn) ?? 0;
        return { json: { ...found, records }, text: describe(found, records) };
      }),
    );
}

function describe(extension: SchemaExtension, records: number): string {
  const { urn, resource, name, description, required, attributes } = extension;
  const rows = attributes.flatMap((attribute) => [
    row(attribute.name, attribute),
    ...(attribute.subAttributes ?? []).map((part) => row(`${attribute.name}.${part.name}`, part)),
  ]);
  const head = { urn, of: resource, name, description, required: required ? "yes" : "no", records };
  return `${facts(head)}\n\n${table(["attribute", "type", "required", "mutability", "returned"], rows)}`;
}

type Shown = Pick<ExtensionAttribute, "type" | "multiValued" | "required" | "mutability" | "returned">;

function row(name: string, { type, multiValued, required, mutability, returned }: Shown): string[] {
  return [name, multiValued ? `${type}, several` : type, required ? "yes" : "no", mutability, returned];
}
