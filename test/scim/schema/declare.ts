import type { Context } from "../../../src/context.ts";
import type { OrganizationId } from "../../../src/db/id.ts";
import { inTransaction } from "../../../src/db/transaction.ts";
import { schemaExtensionList } from "../../../src/identity/schema-extensions/form.ts";
import { setSchemaExtensions } from "../../../src/identity/schema-extensions/write.ts";
import { system } from "../endpoint.ts";

/** Declares exactly these schema extensions, as `muster apply` would. */
export async function declare(ctx: Context, organization: OrganizationId, declared: unknown): Promise<void> {
  const wanted = schemaExtensionList.parse(declared);
  await inTransaction(ctx, system(organization), (tx) => setSchemaExtensions(tx, wanted), { lock: "exclusive" });
}
