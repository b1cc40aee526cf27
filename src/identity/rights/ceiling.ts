import { MusterError } from "../../errors.ts";
import { type Held, holds, PERMISSIONS, type Permission, type Target } from "./permissions.ts";

/**
 * Nobody gives, takes or makes what goes beyond what they hold themselves: a right, a token, whatever acts with permissions.
 * @param permissions what is given; null: all that there are.
 * @throws MusterError `not-allowed`, naming the first permission that is missing for the scope.
 */
export function refuseBeyond(held: readonly Held[], permissions: Iterable<Permission> | null, target: Target): void {
  for (const permission of permissions ?? PERMISSIONS)
    if (!holds(held, permission, target))
      throw new MusterError(
        "not-allowed",
        `nobody gives or takes more than they have: this needs the permission ${permission} for the ${target.kind}`,
      );
}
